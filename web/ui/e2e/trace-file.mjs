import { panel, rowCount } from './demo-trace.mjs';
import { assert, until } from './harness.mjs';
import { sampleTrace } from './sample-trace.mjs';

const TRACE = '0af7651916cd43dd8448eb211c80319c';

const choose = (page, name, document) =>
  page.locator('input[type=file]').setInputFiles({
    name,
    mimeType: 'application/json',
    buffer: Buffer.from(typeof document === 'string' ? document : JSON.stringify(document)),
  });

/** Traces of files: the whole trace page without a server's trace behind it. */
export async function traceFiles(harness, page) {
  await badFiles(harness, page);
  await sample(harness, page);
  await forgotten(harness, page);
  await saved(harness, page);
}

async function badFiles(harness, page) {
  await harness.check('the search page and the palette lead to opening a file', async () => {
    await page.goto(`${harness.url}/traces`);
    await page.getByRole('link', { name: 'Open file' }).click();
    await page.getByRole('heading', { name: 'Open a trace from a file' }).waitFor();
    await page.goto(`${harness.url}/traces`);
    await page.getByRole('link', { name: 'Open file' }).waitFor();
    await page.keyboard.press('ControlOrMeta+k');
    await page.getByPlaceholder('Type a command, a service or a trace id').fill('from a file');
    await page.getByRole('button', { name: 'Open a trace from a file' }).click();
    await page.waitForURL('**/file');
  });
  await harness.check('a bad file is refused by the name of what is wrong', async () => {
    await page.goto(`${harness.url}/file`);
    const bad = sampleTrace(TRACE, Date.now());
    bad.resourceSpans[1].scopeSpans[0].spans[0].startTimeUnixNano = 'yesterday';
    await choose(page, 'bad.json', bad);
    const alert = page.getByRole('alert');
    await alert.getByText('resourceSpans[1].scopeSpans[0].spans[0].startTimeUnixNano').waitFor();
    await alert.getByText('"yesterday"').waitFor();
    await choose(page, 'page.html', '<html>');
    await alert.getByText('This is not JSON.').waitFor();
    await choose(page, 'other.json', { a: 1 });
    await alert.getByText(/neither OTLP/).waitFor();
  });
}

async function sample(harness, page) {
  const asked = [];
  const listen = (request) =>
    request.url().includes(TRACE) && /\/api\//.test(request.url()) && asked.push(request.url());
  page.on('request', listen);
  await harness.check('a file is dropped and shown as a trace', async () => {
    const text = JSON.stringify(sampleTrace(TRACE, Date.now()));
    const data = await page.evaluateHandle((content) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([content], 'sample.json', { type: 'application/json' }));
      return transfer;
    }, text);
    await page.getByText('Drop a file here').dispatchEvent('drop', { dataTransfer: data });
    await page.waitForURL(`**/file/${TRACE}`);
    await until('its rows', async () => (await rowCount(page)) === 6);
    await page.getByText('From sample.json').waitFor();
    await page.getByText(/are made by the server, of stored traces/).waitFor();
  });
  const open = async (name) => {
    await page.getByRole('row', { name }).first().click();
    await panel(page).getByRole('tab', { name: 'Overview' }).click();
  };
  await harness.check(
    'a statement is laid out with its values covered until they are asked for',
    async () => {
      await open(/SELECT orders/);
      const box = panel(page).getByRole('region', { name: 'Database statement' });
      const text = () => box.locator('pre').textContent();
      await until('the statement', async () =>
        (await text()).includes('\nWHERE o.status IN (?, ?)\n  AND c.email = ?'),
      );
      assert(!(await box.textContent()).includes('secret value'), 'a parameter is shown');
      await box.getByRole('switch', { name: 'Show values' }).click({ force: true });
      await until('its values', async () => (await text()).includes("c.email = 'zhang.san@example.com'"));
      await box.getByText('secret value').waitFor();
    },
  );
  for (const [row, own, library, cause] of [
    [/POST \/orders/, 'main.(*Shop).Charge', '2 library calls', ''],
    [/charge/, 'charge', '3 library calls', 'Error'],
    [/process orders/, 'handler', '2 library calls', 'KeyError'],
    [/audit/, 'com.shop.Pay.charge', '2 library calls', 'java.sql.SQLException'],
  ]) {
    await harness.check(`the stack of ${own} has its frames, the libraries' folded`, async () => {
      await open(row);
      const box = panel(page).getByRole('region', { name: 'Exception' }).filter({ hasText: own });
      await box.locator('[data-own]').getByText(own, { exact: true }).waitFor();
      const before = await box.locator('li').count();
      await box.getByRole('button', { name: library }).click();
      await until('the folded ones', async () => (await box.locator('li').count()) > before);
      if (cause) await box.getByText(`Caused by ${cause}`).waitFor();
      await box.getByRole('button', { name: 'Show raw text' }).click();
      await box.locator('pre').last().waitFor();
    });
  }
  await harness.check('text that is no stack is shown as it is', async () => {
    await panel(page).getByText('somewhere in the dark').waitFor();
  });
  await harness.check('a link names the span at its other end, and leads there within the file', async () => {
    await open(/process orders/);
    await panel(page)
      .getByRole('tab', { name: /^Links/ })
      .click();
    await panel(page).getByText('began 240 ms earlier').waitFor();
    await panel(page).getByRole('link', { name: 'sample-shop: publish orders' }).click();
    await page.waitForURL(
      (url) => url.pathname.endsWith(`/file/${TRACE}`) && /3$/.test(url.searchParams.get('s')),
    );
    await panel(page)
      .getByRole('tab', { name: /^Links/ })
      .click();
    await panel(page).getByText('Linked from').waitFor();
  });
  await harness.check('long values are cut, shown on request, and break no layout', async () => {
    await open(/POST \/orders/);
    await panel(page)
      .getByRole('tab', { name: /^Attributes/ })
      .click();
    await panel(page).getByRole('button', { name: 'Show all' }).first().click();
    await panel(page).getByRole('button', { name: 'Show less' }).first().waitFor();
    const over = await panel(page)
      .getByRole('tabpanel')
      .evaluate((e) => e.scrollWidth - e.clientWidth);
    assert(over <= 1, `the panel is ${over} px too wide`);
  });
  await harness.check('what only the server knows says so', async () => {
    await page.getByRole('button', { name: 'Logs', exact: true }).click();
    await page.getByText('A trace file has no log records.').first().waitFor();
    await page.getByRole('button', { name: 'Waterfall', exact: true }).click();
  });
  await harness.check('the server was not asked about the file', async () => {
    assert(asked.length === 0, `asked ${asked[0]}`);
  });
  page.off('request', listen);
}

async function forgotten(harness, page) {
  await harness.check('a reloaded page asks for the file and then shows the same span', async () => {
    await page.reload();
    await page.getByRole('heading', { name: 'This trace is in a file' }).waitFor();
    await choose(page, 'sample.json', sampleTrace(TRACE, Date.now()));
    await page.getByRole('row', { selected: true }).getByText('POST /orders').waitFor();
  });
  await harness.check('the flame graph, map and statistics need no server', async () => {
    for (const [key, twin] of [
      ['2', page.getByRole('group', { name: /^Flame graph/ })],
      ['3', page.getByRole('table', { name: 'Calls between services' })],
      ['4', page.getByRole('table', { name: 'Operations of the trace' })],
    ]) {
      await page.keyboard.press(key);
      await twin.waitFor();
    }
  });
}

/** What the trace page saves can be opened again. */
async function saved(harness, page) {
  const request = page.context().request;
  const { traces } = await // One that is whole by now.
  (
    await request.get(`${harness.url}/api/v1/traces?limit=1&maxTraceDuration=10s&from=now-1h&to=now-20s`)
  ).json();
  const { traceId } = traces[0];
  const compact = await (await request.get(`${harness.url}/api/v1/traces/${traceId}?format=compact`)).json();
  for (const [kind, path] of [
    ['OTLP', `api/v1/traces/${traceId}`],
    ['Jaeger', `api/traces/${traceId}`],
  ]) {
    await harness.check(`the ${kind} JSON of a trace is opened with all its spans`, async () => {
      const text = await (await request.get(`${harness.url}/${path}`)).text();
      await page.goto(`${harness.url}/file`);
      await choose(page, `${kind}.json`, text);
      await page.waitForURL(`**/file/${traceId}`);
      const shown = page.locator('header dl');
      await shown.getByText(String(compact.spans.id.length), { exact: true }).first().waitFor();
      for (const service of compact.services) await shown.getByText(service, { exact: true }).waitFor();
    });
  }
}
