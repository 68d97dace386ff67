import { grid, panel, rowCount } from './demo-trace.mjs';
import { assert, until } from './harness.mjs';

const view = (page, name) => page.getByRole('button', { name, exact: true });

export async function critical(harness, page) {
  await harness.check('a reason leads to its span', async () => {
    const reasons = page
      .getByRole('region', { name: /^Why it/ })
      .locator('li')
      .getByRole('button');
    await reasons.first().waitFor();
    assert((await reasons.count()) <= 5, `${await reasons.count()} reasons`);
    await reasons.last().click();
    await page.waitForURL((url) => url.searchParams.has('s'));
    assert((await reasons.last().getAttribute('aria-pressed')) === 'true', 'the reason is not marked');
    await until('its row', async () => (await page.getByRole('row', { selected: true }).count()) === 1);
  });
  await harness.check('c goes along the critical path', async () => {
    const before = new URL(page.url()).searchParams.get('s');
    await page.keyboard.press('c');
    await page.waitForURL((url) => (url.searchParams.get('s') ?? before) !== before);
    await page
      .getByRole('row', { selected: true })
      .getByText('on the critical path')
      .waitFor({ state: 'attached' });
  });
}

export async function find(harness, page) {
  await harness.check('a search in the trace counts its matches, and n goes to one', async () => {
    await page.getByRole('textbox', { name: 'Find service or operation' }).fill('invocation');
    await page.getByText(/^\d+ of \d+$/).waitFor();
    await grid(page).focus();
    await page.keyboard.press('n');
    await page.getByRole('row', { selected: true }).getByText('Invocation').waitFor();
    await page.waitForURL((url) => url.searchParams.get('q') === 'invocation');
  });
  await harness.check('a hidden service stays as a row that counts what it hides', async () => {
    const all = await rowCount(page);
    await page.getByRole('button', { name: 'Show and hide' }).click();
    await page.getByRole('menuitemcheckbox', { name: /shop-/ }).last().click();
    await until('fewer rows', async () => (await rowCount(page)) < all);
    await page.getByRole('menuitem', { name: 'Show all' }).click();
    await until('all rows', async () => (await rowCount(page)) === all);
    await page.keyboard.press('Escape');
  });
}

export async function views(harness, page) {
  await harness.check('keys 1 to 5 change the view, which stands in the address', async () => {
    for (const [key, name, twin] of [
      ['2', 'flame', page.getByRole('group', { name: /^Flame graph/ })],
      ['3', 'map', page.getByRole('table', { name: 'Calls between services' })],
      ['4', 'table', page.getByRole('table', { name: 'Operations of the trace' })],
      ['5', 'logs', page.getByText(/Least severity|No log record was written/).first()],
    ]) {
      await page.keyboard.press(key);
      await page.waitForURL((url) => url.searchParams.get('v') === name);
      await twin.waitFor();
    }
    await view(page, 'Waterfall').click();
    await page.waitForURL((url) => !url.searchParams.has('v'));
    await grid(page).waitFor();
  });
  await harness.check('a span says how slow it is among its kind', async () => {
    await panel(page).getByRole('tab', { name: 'Overview' }).click();
    await panel(page)
      .getByText(/^Slower than/)
      .waitFor();
  });
}

export async function compare(harness, page) {
  await harness.check('a trace is compared with a healthy one of its kind', async () => {
    await page.getByRole('link', { name: 'Compare' }).click();
    await page.waitForURL((url) => url.searchParams.has('b'));
    await page.getByRole('button', { name: 'Compare with a healthy one' }).click();
    await page.getByRole('table', { name: 'All of both' }).waitFor();
    assert(new URL(page.url()).searchParams.has('a'), 'the healthy one is not in the address');
  });
}
