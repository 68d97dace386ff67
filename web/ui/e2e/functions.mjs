import { assert, until } from './harness.mjs';

const cells = (page, table) => page.getByRole('table', { name: table }).getByRole('row');

/** From the table of functions through every tab of one, to a database. Wants the demo shop's functions. */
export async function functions(harness, page) {
  await functionsTable(harness, page);
  await overview(harness, page);
  await coldStarts(harness, page);
  await dependencies(harness, page);
  await otherTabs(harness, page);
  await service(harness, page);
}

async function functionsTable(harness, page) {
  await harness.check('the functions page has the functions of the shop with numbers', async () => {
    await page.goto(`${harness.url}/functions`);
    const row = cells(page, 'Functions').filter({ hasText: 'shop-frontend' });
    await row.waitFor();
    const answer = await (await page.request.get(`${harness.url}/api/v1/functions?from=now-1h`)).json();
    assert((await cells(page, 'Functions').count()) === answer.total + 1, 'rows differ from the API');
  });
  await harness.check('sorting and filtering functions stand in the address', async () => {
    await page.getByRole('button', { name: 'p95', exact: true }).first().click();
    await page.waitForURL((url) => url.searchParams.get('sort') === '-p95');
    await page.getByRole('textbox', { name: 'Filter by name' }).fill('shop-or');
    await page.waitForURL((url) => url.searchParams.get('q') === 'shop-or');
    await until('one row', async () => (await cells(page, 'Functions').count()) === 2);
    await page.reload();
    await until('one row again', async () => (await cells(page, 'Functions').count()) === 2);
  });
  await harness.check('a filter that nothing satisfies says so and can be cleared', async () => {
    await page.getByRole('textbox', { name: 'Filter by name' }).fill('no such function');
    await page.getByText('No name contains “no such function”').first().waitFor();
    await page.getByRole('button', { name: 'Clear the filter' }).last().click();
    await cells(page, 'Functions').filter({ hasText: 'shop-frontend' }).waitFor();
  });
}

async function overview(harness, page) {
  await harness.check('a function says the same numbers as the API', async () => {
    await page.getByRole('link', { name: 'shop-frontend' }).first().click();
    await page.waitForURL('**/functions/shop-frontend*');
    await page.getByRole('table', { name: 'Invocations' }).first().waitFor({ state: 'attached' });
    await page.getByRole('table', { name: 'Operations' }).waitFor();
  });
  await harness.check('dragging over a chart becomes the time range', async () => {
    const chart = page.locator('.u-over').first();
    const box = await chart.boundingBox();
    await page.mouse.move(box.x + box.width * 0.4, box.y + 30);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.9, box.y + 30, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL((url) => /^\d{4}-/.test(url.searchParams.get('from') ?? ''));
    await page.goBack();
    await page.waitForURL((url) => !url.searchParams.has('from'));
  });
}

async function coldStarts(harness, page) {
  await harness.check('cold starts have phases, waits and modules', async () => {
    await page.goto(`${harness.url}/functions/shop-frontend?tab=coldStarts&from=now-24h`);
    await cells(page, 'Where the time of a cold start goes').filter({ hasText: 'Instance Init' }).waitFor();
    await page
      .getByRole('list', { name: 'Waits for a new instance' })
      .getByRole('listitem')
      .first()
      .waitFor();
    await page.getByRole('table', { name: 'What loading costs, by module' }).waitFor();
    const worst = page.getByRole('table', { name: 'Longest waits' });
    const href = await worst.getByRole('link').first().getAttribute('href');
    assert(/\/trace\/[0-9a-f]{32}\?s=[0-9a-f]{16}/.test(href), `leads to ${href}`);
  });
}

async function dependencies(harness, page) {
  await harness.check('dependencies lead to the page of what is called', async () => {
    await page.goto(`${harness.url}/functions/shop-catalog`);
    await page.getByRole('tab', { name: 'Dependencies' }).click();
    await page.waitForURL((url) => url.searchParams.get('tab') === 'dependencies');
    await page
      .getByRole('table', { name: 'What shop-catalog calls' })
      .getByRole('link', { name: 'catalog.db' })
      .click();
    await page.waitForURL('**/services/catalog.db?kind=database');
    await page.getByText('database · sqlite').waitFor();
  });
}

async function otherTabs(harness, page) {
  for (const [tab, table] of [
    ['Invocations', 'Invocations'],
    ['Versions', 'Versions'],
    ['Errors', 'Where failing traces fail'],
    ['Instances', 'Instances'],
  ]) {
    await harness.check(`tab ${tab} has rows`, async () => {
      await page.goto(`${harness.url}/functions/shop-frontend?from=now-24h`);
      await page.getByRole('tab', { name: tab }).click();
      await until('rows', async () => (await cells(page, table).count()) > 1);
    });
  }
  await harness.check('logs are filtered by text, and lead to their span', async () => {
    await page.goto(`${harness.url}/functions/shop-shipping?tab=logs`);
    await page.getByRole('textbox', { name: 'Filter by text' }).fill('parcel');
    await page.waitForURL((url) => url.searchParams.get('q') === 'parcel');
    const link = page.getByRole('table', { name: 'Logs' }).getByRole('link').first();
    await link.waitFor();
    assert(/\/trace\/[0-9a-f]{32}/.test(await link.getAttribute('href')), 'no link to a trace');
  });
  await harness.check('the CPU profile is a flame graph that zooms by key, or there is none', async () => {
    await page.goto(`${harness.url}/functions/shop-recommend?tab=profile&from=now-24h`);
    const flame = page.getByRole('group', { name: /^Flame graph/ });
    const none = page.getByText('No CPU profile in this time range');
    await flame.or(none).first().waitFor();
    if (await none.isVisible()) return;
    await flame.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('frame') === '0');
    await page.keyboard.press('Escape');
    await page.waitForURL((url) => !url.searchParams.has('frame'));
    assert((await cells(page, 'Functions by own cost').count()) > 1, 'the table twin is empty');
  });
}

async function service(harness, page) {
  await harness.check('a database has statements with their callers', async () => {
    await page.goto(`${harness.url}/services/orders.db?kind=database&tab=statements`);
    await cells(page, 'Statements').filter({ hasText: 'shop-orders' }).first().waitFor();
  });
  await harness.check('a service without a part in the range says so', async () => {
    await page.goto(`${harness.url}/services/no-such-service`);
    await page.getByText('no-such-service took no part in this time range').waitFor();
  });
}
