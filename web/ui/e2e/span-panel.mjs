import { panel } from './demo-trace.mjs';
import { assert, until } from './harness.mjs';

/** What the panel asks the server beyond the span, and the comparison of two traces. */
export async function spanPanel(harness, page) {
  const ask = async (path) => (await page.context().request.get(`${harness.url}/api/v1/${path}`)).json();
  await statement(harness, page, ask);
  await profile(harness, page, ask);
  await twin(harness, page, ask);
  await comparison(harness, page, ask);
}

async function statement(harness, page, ask) {
  await harness.check(
    'a statement has its figures everywhere, and leads to the traces that run it',
    async () => {
      const { traces } = await ask('traces?attr=db.query.text&limit=1');
      const { traceId } = traces[0];
      const { spans, categories } = await ask(`traces/${traceId}?format=compact`);
      const spanId = spans.id[spans.category.findIndex((c) => categories[c] === 'db')];
      await page.goto(`${harness.url}/trace/${traceId}?s=${spanId}`);
      const box = panel(page).getByRole('region', { name: 'Database statement' });
      await box.getByText('Calls in 24 h').waitFor();
      await box.getByRole('link', { name: 'Same statement elsewhere' }).click();
      await page.waitForURL(/weft\.db\.statement\.hash/);
      await page.locator('[role=table] [role=row] a').first().waitFor();
    },
  );
}

async function profile(harness, page, ask) {
  const { traceId, spanId } = await until(
    'a profile',
    async () => (await ask('functions/shop-recommend/profiles?from=now-24h')).profiles[0],
  );
  await harness.check(
    'a span with a CPU profile has a tab with its flame graph and its functions',
    async () => {
      await page.goto(`${harness.url}/trace/${traceId}?s=${spanId}`);
      await panel(page).getByRole('tab', { name: 'Profile' }).click();
      await page.waitForURL((url) => url.searchParams.get('tab') === 'profile');
      await panel(page)
        .getByRole('group', { name: /^Flame graph/ })
        .waitFor();
      const costs = panel(page).getByRole('table', { name: 'Functions by own cost' });
      await costs.getByRole('button', { name: /./ }).last().click();
      await page.waitForURL((url) => url.searchParams.has('frame'));
      const link = panel(page).getByRole('link', { name: 'Download pprof' });
      const data = await page
        .context()
        .request.get(new URL(await link.getAttribute('href'), page.url()).href);
      const [first, second] = await data.body();
      assert(first === 0x1f && second === 0x8b, 'it is not what pprof reads');
    },
  );
  await harness.check('another span of the trace has no such tab', async () => {
    const { spans } = await ask(`traces/${traceId}?format=compact`);
    const known = new Set((await ask(`traces/${traceId}/profiles`)).profiles.map((one) => one.spanId));
    const other = spans.id.find((id) => !known.has(id));
    await page.goto(`${harness.url}/trace/${traceId}?s=${other}`);
    await panel(page).getByText('Share of trace').waitFor();
    assert((await panel(page).getByRole('tab', { name: 'Profile' }).count()) === 0, 'it has');
  });
}

async function comparison(harness, page, ask) {
  const { traces } = await ask('traces?service=shop-frontend&limit=100');
  const [{ traceId: a }, { traceId: b }] = traces.toSorted((x, y) => y.spans - x.spans);
  const marked = () => page.locator('tr[data-chosen]').first();
  await harness.check(
    'a row of a comparison puts its spans side by side, and them into the address',
    async () => {
      await page.goto(`${harness.url}/compare?a=${a}&b=${b}`);
      const all = page.getByRole('table', { name: 'All of both' });
      await all.getByRole('button').nth(1).click();
      await page.waitForURL((url) => url.searchParams.has('sa') || url.searchParams.has('sb'));
      await marked().waitFor();
      const side = page.getByRole('complementary', { name: 'Side by side' });
      await side.getByRole('link').first().waitFor();
      const address = page.url();
      await page.goto(address);
      await marked().waitFor();
      await page.getByRole('button', { name: 'Swap A and B' }).click();
      await page.waitForURL((url) => url.searchParams.get('a') === b);
      const { searchParams } = new URL(address);
      await until('the spans to be swapped too', async () => {
        const now = new URL(page.url()).searchParams;
        return now.get('sa') === searchParams.get('sb') && now.get('sb') === searchParams.get('sa');
      });
    },
  );
  await harness.check('a trace compared with itself differs in nothing', async () => {
    await page.goto(`${harness.url}/compare?a=${a}&b=${a}`);
    await page.getByText('A and B are the same trace').waitFor();
    await page.getByText('No difference above a microsecond.').waitFor();
    await page.getByText('All attributes are alike.').waitFor();
  });
  await harness.check('a link from one span finds its counterpart', async () => {
    const { spans } = await ask(`traces/${b}?format=compact`);
    await page.goto(`${harness.url}/compare?a=${a}&b=${b}&sb=${spans.id[0]}`);
    const side = page.getByRole('complementary', { name: 'Side by side' });
    await until('both spans', async () => (await side.getByRole('link').count()) === 2);
  });
}

async function twin(harness, page, ask) {
  await harness.check('the reasons lead to the comparison with a healthy trace', async () => {
    const { traces } = await ask('traces?service=shop-frontend&errors=true&limit=1');
    const { traceId } = traces[0];
    await page.goto(`${harness.url}/trace/${traceId}`);
    await page.getByRole('button', { name: 'Find a healthy one' }).click();
    await page.waitForURL((url) => url.searchParams.get('b') === traceId && url.searchParams.has('a'));
    await page.getByRole('table', { name: 'All of both' }).waitFor();
  });
}

/** Apart from the rest: the browser itself tells the console of an answer that there is no such trace. */
export async function missingTrace(harness, page) {
  await harness.check('a comparison names the trace that is not stored', async () => {
    await page.goto(`${harness.url}/compare?a=${'0'.repeat(28)}0fff&b=${'0'.repeat(28)}0ffe`);
    await page
      .getByRole('alert')
      .first()
      .getByText(/Trace [AB] is not stored/)
      .waitFor();
    await page.getByRole('textbox', { name: /Trace A/ }).waitFor();
  });
}
