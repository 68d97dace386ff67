import { assert, until } from './harness.mjs';

const panel = (page, name) => page.getByRole('region', { name, exact: true });

/** The first page: what is broken, what changed, and where that leads. */
export async function overview(harness, page) {
  const ask = async (path) => (await page.context().request.get(`${harness.url}/api/v1/${path}`)).json();
  await harness.check('the overview says how many services are unhealthy', async () => {
    await page.goto(`${harness.url}/?from=now-15m`);
    const text = await until('a sentence', async () => {
      const said = await page.locator('main [role=status][data-tone]').textContent();
      return /services?|service is/.test(said) && said;
    });
    const { nodes } = await ask('topology?from=now-15m');
    const own = nodes.filter(({ kind }) => kind === 'service' || kind === 'function');
    assert(text.includes(`${own.length} service`), `says "${text}" of ${own.length} services`);
    for (const { name } of own.filter(({ health }) => health === 'bad').slice(0, 1))
      assert(text.includes(name), `says "${text}" and not that ${name} is unhealthy`);
  });
  await harness.check('functions stand in a table that the address sorts', async () => {
    const table = panel(page, 'Functions and services').getByRole('table');
    await table.getByRole('button', { name: 'Name' }).click();
    await page.waitForURL((url) => url.searchParams.get('sort') === 'name');
    const names = await table.locator('tbody tr td:first-child a').allTextContents();
    assert(names.length > 1, `has ${names.length} rows`);
    assert([...names].sort().join() === names.join(), `is not sorted: ${names}`);
  });
  await harness.check('a newest error leads to its trace', async () => {
    const errors = panel(page, 'Newest errors');
    // A paused list stays as it is, also when it is empty: something of a young shop has to fail first.
    await errors.getByRole('listitem').first().waitFor();
    await errors.getByRole('button', { name: 'Pause' }).click();
    await page.waitForURL((url) => url.searchParams.get('still') === 'true');
    await errors.getByRole('listitem').getByRole('link').first().click();
    await page.waitForURL('**/trace/**');
    await page.goBack();
  });
  await harness.check('dragging over a chart chooses the time', async () => {
    const chart = panel(page, 'All spans').locator('.u-over').first();
    const box = await until('the chart', () => chart.boundingBox());
    await page.mouse.move(box.x + box.width * 0.3, box.y + 30);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + 30, { steps: 4 });
    await page.mouse.up();
    await page.waitForURL((url) => /^\d{4}-/.test(url.searchParams.get('to') ?? ''));
    const address = new URL(page.url()).searchParams;
    const minutes = (Date.parse(address.get('to')) - Date.parse(address.get('from'))) / 60_000;
    assert(minutes > 2 && minutes < 12, `chose ${minutes} minutes of 15`);
  });
  await harness.check('links to other pages keep the time', async () => {
    const from = new URL(page.url()).searchParams.get('from');
    await panel(page, 'Newest errors').getByRole('link', { name: 'All failed traces' }).click();
    await page.waitForURL((url) => url.pathname.endsWith('/traces'));
    const address = new URL(page.url()).searchParams;
    assert(address.get('from') === from && address.get('errors') === 'true', `leads to ${page.url()}`);
  });
}
