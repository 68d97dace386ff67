import { assert, until } from './harness.mjs';

export async function openSearch(harness, page) {
  await page.goto(`${harness.url}/traces`);
  await harness.check('traces of the shop are there', () =>
    until('a trace of the shop', async () => {
      // The first spans may still be on their way: an empty page is looked at again.
      if ((await page.getByRole('cell').filter({ hasText: 'shop-' }).count()) > 0) return true;
      const refresh = page.getByRole('button', { name: 'Refresh' });
      if (await refresh.isVisible()) await refresh.click();
      return false;
    }),
  );
  await harness.check('the scatter has a text of its own', async () => {
    const label = await page
      .getByRole('img', { name: /Duration over start time/ })
      .getAttribute('aria-label');
    assert(/\d+ traces?, /.test(label), `says ${label}`);
  });
}

export async function searchByService(harness, page) {
  await harness.check('a service of the shop can be chosen and is written to the address', async () => {
    await page.getByRole('combobox', { name: 'Service', exact: true }).fill('shop-');
    const option = page.getByRole('option', { name: /^shop-/ }).first();
    const service = await option.textContent();
    await option.click();
    await page.waitForURL((url) => url.searchParams.get('service') === service);
    await until(
      'rows of that service',
      async () => (await page.getByRole('cell').filter({ hasText: service }).count()) > 0,
    );
  });
}

export async function conditions(harness, page) {
  const add = async (key, operator, value) => {
    await page.getByRole('combobox', { name: 'Attribute', exact: true }).fill(key);
    await page.getByRole('combobox', { name: 'Comparison' }).selectOption(operator);
    if (value !== undefined) await page.getByRole('combobox', { name: 'Value', exact: true }).fill(value);
    await page.getByRole('button', { name: 'Add condition' }).click();
  };
  await harness.check('attribute keys are offered while typing', async () => {
    await page.getByRole('combobox', { name: 'Attribute', exact: true }).fill('http.re');
    await page
      .getByRole('option', { name: /^http\.re/ })
      .first()
      .waitFor();
    await page.keyboard.press('Escape');
  });
  await harness.check('a condition nothing satisfies says so and can be removed', async () => {
    await add('weft.e2e.no.such.key', '=', 'x');
    await page.getByRole('heading', { name: 'Nothing matches' }).waitFor();
    await page.getByRole('button', { name: 'Remove weft.e2e.no.such.key = x' }).click();
    await page.waitForURL((url) => !url.searchParams.has('attr'));
    await page.getByRole('table').waitFor();
  });
  await harness.check('a numeric condition and a duration narrow the result', async () => {
    await add('http.response.status_code', '>=', '200');
    await page.waitForURL((url) => url.searchParams.get('attr') === 'http.response.status_code>=200');
    const duration = page.getByLabel('Trace duration: at least');
    await duration.fill('1us');
    await duration.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('minTraceDuration') === '1us');
    await until('rows', async () => (await page.getByRole('cell').count()) > 0);
  });
  await harness.check('clearing keeps the page and empties the address', async () => {
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.waitForURL((url) => url.search === '');
    await page.getByRole('table').waitFor();
  });
}
