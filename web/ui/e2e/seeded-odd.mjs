import { grid, panel, rowCount } from './demo-trace.mjs';
import { gate, longest, settled, slowdown } from './gauge.mjs';
import { assert, until } from './harness.mjs';
import { openSeeded } from './seeded-sizes.mjs';

/** Everything that stands on the canvas of the waterfall. */
const drawn = (page) =>
  page.evaluate(() => {
    const canvas = document.querySelector('[role=treegrid] canvas');
    return { ...window.__uiTest.gauge.drawn.get(canvas), width: canvas.getBoundingClientRect().width };
  });

/** Traces in which something is wrong, or which one should know when one sees them. */
export async function odd(harness, page, { traces }) {
  await harness.check('a gap of two hours is short, and says which queue it was', async () => {
    await openSeeded(harness, page, traces.queue, '?gaps=on');
    await until('the name of the queue', async () =>
      (await drawn(page)).texts.some((text) => /queue orders: (7,200\s*s|2\s*h)/.test(text)),
    );
    // Two hours between some hundred milliseconds: as long as it is, all else would be less than a pixel.
    const { boxes, width } = await drawn(page);
    const bars = boxes.filter(({ h, w }) => h < 40 && w > 20);
    assert(
      bars.some(({ x }) => x < width / 3) && bars.some(({ x }) => x > width / 3),
      `bars ${JSON.stringify(bars)}`,
    );
  });
  for (const [name, text] of [
    ['skew', /spans? starts? before (its|their) parent/],
    ['orphans', /5 spans wait for a parent/],
    ['cycle', /loop of parents was cut/],
  ])
    await harness.check(`the trace ${name} says what is wrong with it`, async () => {
      await openSeeded(harness, page, traces[name]);
      await page.getByText(text).first().waitFor();
    });
  await harness.check('a circle of parents loses no span', async () => {
    await until('its rows', async () => (await rowCount(page)) === traces.cycle.spans);
    for (const text of ['first', 'second', 'third', 'its own parent'])
      await grid(page).getByText(text, { exact: true }).waitFor();
  });
  await harness.check('orphans stand below a row that says so', async () => {
    await openSeeded(harness, page, traces.orphans);
    await until('one row more', async () => (await rowCount(page)) === traces.orphans.spans + 1);
    const row = grid(page).getByRole('row', { level: 1 }).filter({ hasText: 'Parent not received' });
    await row.waitFor();
    await row.locator('[data-twisty]').click();
    await until('the orphans to go', async () => (await rowCount(page)) === traces.orphans.spans - 4);
  });
  await harness.check('a statement that is asked 200 times is one row', async () => {
    await openSeeded(harness, page, traces['n+1']);
    await until('three rows', async () => (await rowCount(page)) === 3);
    await grid(page).getByText(/× 200/).waitFor();
  });
  await harness.check('a cold start is marked, with what it loaded below it', async () => {
    await openSeeded(harness, page, traces['cold start']);
    await until('its rows', async () => (await rowCount(page)) === traces['cold start'].spans);
    await grid(page)
      .getByRole('row', { name: /import sharp/ })
      .waitFor();
    await page
      .locator('[role=treegrid] [role=row]:not([hidden])', { hasText: 'ColdStart' })
      .locator('svg')
      .first()
      .waitFor();
  });
  await chinese(harness, page, traces.chinese);
  await criticalPath(harness, page, traces['critical path']);
  await large(harness, page, traces.large);
  await harness.check(
    'of a healthy trace and a slow one the statement that makes the difference comes first',
    async () => {
      await page.goto(`${harness.url}/compare?a=${traces.healthy.id}&b=${traces.slow.id}`);
      const first = page.getByRole('table').first().locator('tbody tr').first();
      await first.getByText('SELECT part_1').waitFor();
      await page.reload();
      await first.getByText('SELECT part_1').waitFor();
    },
  );
}

async function chinese(harness, page, trace) {
  await harness.check('Chinese names are shown whole', async () => {
    await openSeeded(harness, page, trace);
    for (const text of ['订单服务', '创建订单', '库存服务', '检查库存并锁定商品', '支付网关', '扣款']) {
      const name = grid(page).getByText(text, { exact: true }).first();
      await name.waitFor();
      const cut = await name.evaluate((element) => element.scrollWidth - element.clientWidth);
      assert(cut <= 1, `${text} lacks ${cut} px`);
    }
    await page.goto(`${harness.url}/traces?service=${encodeURIComponent('订单服务')}`);
    await page.locator(`a[href*="${trace.id}"]`).first().waitFor();
    await page.getByText('创建订单').first().waitFor();
  });
}

async function criticalPath(harness, page, trace) {
  await harness.check('the critical path that is drawn is the one the trace was made of', async () => {
    await openSeeded(harness, page, trace);
    await grid(page).getByText('on the critical path').first().waitFor({ state: 'attached' });
    await until('its segments', async () => {
      const { boxes, width } = await drawn(page);
      const pad = 10; // on both sides of the bars
      const whole = Math.max(...trace.criticalPath.map(({ offsetNs, durationNs }) => offsetNs + durationNs));
      const wanted = trace.criticalPath
        .map(({ offsetNs, durationNs }) =>
          [offsetNs, durationNs].map((ns) => (ns / whole) * (width - 2 * pad)),
        )
        .map(([x, w]) => [x + pad, w]);
      // Rectangles of one height and colour, in whichever the path is drawn.
      const kinds = new Map();
      for (const box of boxes) {
        const kind = `${box.h} ${box.style}`;
        kinds.set(kind, [...(kinds.get(kind) ?? []), box]);
      }
      return [...kinds.values()].some(
        (all) =>
          all.length === wanted.length &&
          wanted.every(([x, w]) => all.some((box) => Math.abs(box.x - x) < 1 && Math.abs(box.w - w) < 2)),
      );
    });
  });
  await harness.check('the table has the same critical path', async () => {
    await page.goto(`${harness.url}/trace/${trace.id}?v=table`);
    const table = page.getByRole('table', { name: 'Operations of the trace' });
    await table.getByText('render page').waitFor();
    const column = await until('the column', async () => {
      const heads = await table.locator('thead th').allTextContents();
      const at = heads.findIndex((head) => /critical/i.test(head));
      return at >= 0 && at;
    });
    const wanted = new Map();
    for (const { name, durationNs } of trace.criticalPath)
      wanted.set(name, (wanted.get(name) ?? 0) + durationNs / 1e6);
    for (const row of await table.locator('tbody tr').all()) {
      const cells = await row.locator('td').allTextContents();
      const name = [...wanted.keys(), 'count visit'].find((one) => cells.some((text) => text.trim() === one));
      assert(name, `a row of an unknown operation: ${cells.join(' | ')}`);
      const said = Number.parseFloat(cells[column]);
      assert(said === (wanted.get(name) ?? 0), `${name}: ${cells[column]}, want ${wanted.get(name) ?? 0} ms`);
    }
  });
}

async function large(harness, page, trace) {
  await openSeeded(harness, page, trace);
  await settled(page);
  const since = await page.evaluate(() => performance.now());
  await harness.check('a span with a megabyte of attributes opens', async () => {
    await grid(page).getByText('1 MB of attributes').click();
    await panel(page)
      .getByRole('tab', { name: /^Attributes/ })
      .click();
    await panel(page).getByText('app.part.15', { exact: true }).waitFor();
  });
  await settled(page);
  await gate(harness, 'a megabyte of attributes, longest task', await longest(page, since), {
    ci: 200,
    busy: await slowdown(page),
  });
}
