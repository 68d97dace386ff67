import { assert, until } from './harness.mjs';

export const grid = (page) => page.getByRole('treegrid');
export const rowCount = async (page) => Number(await grid(page).getAttribute('aria-rowcount'));
export const panel = (page) => page.locator('section[aria-busy]', { has: page.getByRole('tab') });

export async function openTrace(harness, page) {
  return harness.check('a result opens its trace', async () => {
    // The largest trace in sight, so that there is something to fold.
    await page.locator('[role=table][aria-busy=false]').waitFor();
    const largest = await page.getByRole('table').evaluate((table) => {
      const rows = [...table.querySelectorAll('[role=row]:has(a)')].filter((row) =>
        row.textContent.includes('shop-'),
      );
      const heads = [...table.querySelectorAll('[role=columnheader]')];
      const column = heads.findIndex((head) => head.textContent === 'Spans');
      const sized = rows.map((row) => ({
        href: row.querySelector('a').getAttribute('href'),
        spans: Number(row.querySelectorAll('[role=cell]')[column].textContent.replace(/\D/g, '')),
      }));
      return sized.sort((a, b) => b.spans - a.spans)[0];
    });
    assert(largest?.spans > 1, `the largest trace of the shop in sight has ${largest?.spans} spans`);
    await page.locator(`a[href="${largest.href}"]`).click();
    await page.waitForURL(`**${largest.href}`);
    // The shop goes on: spans may have come since. Repeated siblings share a row.
    const spans = page.locator('dt', { hasText: /^Spans$/ }).locator('xpath=following-sibling::dd[1]');
    await until(
      'its spans',
      async () => Number((await spans.first().textContent()).replace(/\D/g, '')) >= largest.spans,
    );
    await until('its rows', async () => (await rowCount(page)) > 1);
    return page.url();
  });
}

export async function foldRows(harness, page) {
  await harness.check('rows fold and unfold by key', async () => {
    const all = await rowCount(page);
    await grid(page).focus();
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowLeft');
    await until('one row less', async () => (await rowCount(page)) < all);
    assert(
      (await page.getByRole('row', { level: 1 }).first().getAttribute('aria-expanded')) === 'false',
      'the root is not marked as collapsed',
    );
    await page.keyboard.press('ArrowRight');
    await until('all rows again', async () => (await rowCount(page)) === all);
  });
  await harness.check('rows fold and unfold by mouse', async () => {
    const all = await rowCount(page);
    await page.getByRole('button', { name: 'Collapse all' }).click();
    await until('fewer rows', async () => (await rowCount(page)) < all);
    await page.getByRole('row', { level: 1 }).first().locator('[data-twisty]').click();
    await until('more rows', async () => (await rowCount(page)) > 1);
    await page.getByRole('button', { name: 'Expand all' }).click();
    await until('all rows', async () => (await rowCount(page)) === all);
  });
  await harness.check('the active row is announced and lies in view', async () => {
    await grid(page).focus();
    await page.keyboard.press('End');
    await until('the last row', async () => {
      // Rows are recycled: which element is the active one changes while the list scrolls.
      const id = await grid(page).getAttribute('aria-activedescendant');
      return (
        id && Number(await page.locator(`#${id}`).getAttribute('aria-rowindex')) === (await rowCount(page))
      );
    });
    await page.keyboard.press('Home');
  });
}

export async function openSpan(harness, page) {
  await harness.check('Enter opens the span and writes it to the address', async () => {
    await grid(page).focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => /^[0-9a-f]{16}$/.test(url.searchParams.get('s') ?? ''));
    await panel(page).getByText('Share of trace').waitFor();
  });
  await harness.check('its attributes are listed with their types and lead to a search', async () => {
    await panel(page)
      .getByRole('tab', { name: /^Attributes/ })
      .click();
    await panel(page).getByText('service.name', { exact: true }).waitFor();
    const href = await panel(page)
      .getByRole('link', { name: 'Find traces with this: service.name', exact: true })
      .getAttribute('href');
    assert(decodeURIComponent(href).includes('attr=service.name=shop-'), `leads to ${href}`);
  });
  await harness.check('the raw form is the span of the API', async () => {
    await panel(page).getByRole('tab', { name: 'Raw' }).click();
    const raw = JSON.parse(await panel(page).locator('pre').textContent());
    assert(raw.spanId === new URL(page.url()).searchParams.get('s'), `shows span ${raw.spanId}`);
  });
  for (const name of ['Events', 'Logs', 'Links']) {
    await harness.check(`the ${name} tab opens`, async () => {
      await panel(page)
        .getByRole('tab', { name: new RegExp(`^${name}`) })
        .click();
      await until(
        'its text',
        async () => (await panel(page).getByRole('tabpanel').textContent()).trim() !== '',
      );
    });
  }
  await panel(page).getByRole('tab', { name: 'Overview' }).click();
}

export async function zoom(harness, page) {
  await harness.check('keys zoom into the timeline and write it to the address', async () => {
    await grid(page).focus();
    await page.keyboard.press('w');
    await page.keyboard.press('w');
    await page.waitForURL((url) => url.searchParams.has('z'));
    await page.getByRole('button', { name: 'Whole trace' }).waitFor();
  });
  await harness.check('dragging over the overview zooms', async () => {
    await grid(page).focus();
    await page.keyboard.press('0');
    await page.waitForURL((url) => !url.searchParams.has('z'));
    const box = await page.getByRole('img', { name: /drag to zoom/ }).boundingBox();
    await page.mouse.move(box.x + box.width * 0.25, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + 20, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL((url) => url.searchParams.has('z'));
  });
}

export async function reload(harness, page, address) {
  await harness.check('the address brings back span and zoom', async () => {
    await page.goto(address);
    await panel(page).getByText('Share of trace').waitFor();
    await page.getByRole('button', { name: 'Whole trace' }).waitFor();
    assert((await page.getByRole('row', { selected: true }).count()) === 1, 'no row is selected');
  });
}

/** The queue's two ends name each other: from the consumer's link to the producer, and back by what is linked from it. */
export async function followLink(harness, page) {
  const get = (path) => page.context().request.get(`${harness.url}/api/v1/${path}`);
  const ask = async (path) => (await get(path)).json();
  const consumer = await until('a consumer span with a link', async () => {
    const { traces } = await ask('traces?kind=consumer&limit=20');
    for (const { traceId } of traces) {
      const { spans } = await ask(`traces/${traceId}?format=compact`);
      const row = spans.links.findIndex((count) => count > 0);
      if (row < 0) continue;
      // The two ends come from two processes: the other one's may still be under way.
      const { links } = await ask(`traces/${traceId}/spans/${spans.id[row]}`);
      const other = await get(`traces/${links[0].traceId}/spans/${links[0].spanId}`);
      if (other.ok()) return { traceId, spanId: spans.id[row] };
    }
    return undefined;
  });
  await harness.check('a link leads to the other trace, which knows where it is linked from', async () => {
    await page.goto(`${harness.url}/trace/${consumer.traceId}?s=${consumer.spanId}&tab=links`);
    await panel(page).getByText('Links to').waitFor();
    await panel(page).getByRole('tabpanel').getByRole('link').first().click();
    await page.waitForURL((url) => !url.pathname.endsWith(consumer.traceId) && url.searchParams.has('s'));
    await panel(page)
      .getByRole('tab', { name: /^Links/ })
      .click();
    await panel(page).getByText('Linked from').waitFor();
    const hrefs = await panel(page)
      .getByRole('tabpanel')
      .getByRole('link')
      .evaluateAll((all) => all.map((a) => a.href));
    assert(
      hrefs.some((href) => href.includes(consumer.spanId)),
      `linked from ${hrefs.join(', ')}`,
    );
  });
}
