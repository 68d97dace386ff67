import { readFile } from 'node:fs/promises';
import { assert, until } from './harness.mjs';

const facets = (page) => page.getByRole('complementary', { name: 'Facets' });
const field = (page) => page.getByRole('combobox', { name: 'Add a condition' });
const param = (page, name) => new URL(page.url()).searchParams.get(name);
const picture = (page, name) => page.getByRole('img', { name });

export async function openSearch(harness, page) {
  await harness.check('traces of the shop are there', async () => {
    await page.goto(`${harness.url}/traces`);
    await until('a trace of the shop', async () => {
      // The first spans may still be on their way: an empty page is looked at again.
      if ((await page.getByRole('cell').filter({ hasText: 'shop-' }).count()) > 0) return true;
      const refresh = page.getByRole('button', { name: 'Refresh' });
      if (await refresh.isVisible()) await refresh.click();
      return false;
    });
  });
  await harness.check('the scatter has a text of its own', async () => {
    const label = await picture(page, /Duration over start time/).getAttribute('aria-label');
    assert(/\d+ traces?, /.test(label), `says ${label}`);
  });
}

export async function searchByService(harness, page) {
  await harness.check('a click on a facet keeps its value and is written to the address', async () => {
    const value = facets(page).getByRole('list', { name: 'Service' }).getByRole('button').first();
    await value.click();
    await until('the service in the address', () => param(page, 'service'));
    const service = param(page, 'service');
    await until(
      'rows of that service',
      async () => (await page.getByRole('cell').filter({ hasText: service }).count()) > 0,
    );
    await page.getByRole('button', { name: `Remove condition Service = ${service}` }).waitFor();
  });
  await harness.check('a second click lifts it, and Shift+click excludes', async () => {
    const service = param(page, 'service');
    const value = facets(page).getByRole('list', { name: 'Service' }).getByRole('button', { pressed: true });
    await value.click();
    await page.waitForURL((url) => !url.searchParams.has('service'));
    const again = facets(page)
      .getByRole('list', { name: 'Service' })
      .getByRole('button', { name: new RegExp(`^${service}`) })
      .first();
    await again.click({ modifiers: ['Shift'] });
    await page.waitForURL((url) => url.searchParams.get('attr') === `@service!=${service}`);
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.waitForURL((url) => url.search === '');
  });
}

export async function conditions(harness, page) {
  const add = async (text) => {
    await field(page).fill(text);
    await field(page).press('Enter');
  };
  await harness.check('keys, then operators and values are offered while typing', async () => {
    const option = (name) => page.getByRole('option', { name }).first();
    await field(page).fill('http.request.m');
    await option(/^http\.request\.method/).click();
    await option(/^http\.request\.method = …/).click();
    await option('GET').click();
    await page.waitForURL((url) => url.searchParams.get('attr') === 'http.request.method=GET');
  });
  await harness.check('Backspace in the empty field lifts the last condition', async () => {
    await field(page).press('Backspace');
    await page.waitForURL((url) => !url.searchParams.has('attr'));
  });
  await harness.check('a condition nothing satisfies says so and can be removed', async () => {
    await add('weft.e2e.no.such.key=x');
    await page.getByRole('heading', { name: 'Nothing matches' }).waitFor();
    await page.getByRole('button', { name: 'Remove weft.e2e.no.such.key = x', exact: true }).click();
    await page.waitForURL((url) => !url.searchParams.has('attr'));
    await page.getByRole('table').waitFor();
  });
  await harness.check('a numeric condition and a duration narrow the result', async () => {
    await add('http.response.status_code>=200');
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

/** Drags from one place of a picture to another, both in parts of its size. */
async function drag(page, target, from, to) {
  const box = await target.boundingBox();
  const at = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
  await page.mouse.move(...at(from));
  await page.mouse.down();
  await page.mouse.move(...at(to), { steps: 5 });
  await page.mouse.up();
}

const PICTURES = [
  ['Scatter', /Duration over start time/, /^\d+-\d+,trace:/],
  ['Heat map', /Heat map of duration/, /^\d+-\d+,span:/],
  ['Durations', /Durations of/, /^span:/],
  ['Over time', /Spans over time/, /^\d+-\d+$/],
];

export async function brushes(harness, page) {
  for (const [name, label, written] of PICTURES) {
    await harness.check(`${name}: a dragged box is a selection, counted as the API counts`, async () => {
      await page.getByRole('button', { name, exact: true }).click();
      await picture(page, label).waitFor();
      await drag(page, picture(page, label), [0.06, 0.08], [0.98, 0.85]);
      await until('the brush in the address', () => written.test(param(page, 'brush') ?? ''));
      const text = await until('the count', async () => {
        const said = await page.getByText(/of .* traces selected/).textContent();
        return said.includes('…') ? '' : said;
      });
      const selected = Number(text.split(' of ')[0].replace(/[^\d]/g, ''));
      const counted = await page.evaluate(count, param(page, 'brush'));
      // The box ends where the picture does, and what arrived since may lie in it.
      assert(selected > 0 && counted >= selected, `says ${text}, the API ${counted}`);
      await page.getByRole('button', { name: 'Clear selection' }).click();
      await page.waitForURL((url) => !url.searchParams.has('brush'));
    });
  }
}

/** What the API counts in a brush; runs in the page. */
async function count(brush) {
  const query = new URLSearchParams({ from: 'now-1h' });
  for (const term of brush.split(',')) {
    const [, kind, low, high] = /^(trace|span):([^-]+)-(.*)$/.exec(term) ?? [];
    if (kind) {
      const what = kind === 'trace' ? 'TraceDuration' : 'Duration';
      query.set(`min${what}`, low);
      if (high) query.set(`max${what}`, high);
    } else {
      const [from, to] = term.split('-');
      query.set('from', `${from}000000`);
      query.set('to', `${to}000000`);
    }
  }
  const answer = await fetch(new URL(`api/v1/traces/count?${query}`, document.baseURI));
  return (await answer.json()).traces;
}

export async function differences(harness, page) {
  await harness.check('the slowest are selected, what differs is ranked and filters', async () => {
    await page.getByRole('button', { name: 'Slowest 5 %' }).click();
    await page.waitForURL((url) => /^trace:.+-$/.test(url.searchParams.get('brush') ?? ''));
    const panel = page.getByRole('complementary', { name: 'What differs' });
    await panel.getByRole('listitem').first().waitFor();
    await panel
      .getByRole('button', { name: /^Keep only these/ })
      .first()
      .click();
    await page.waitForURL((url) => url.searchParams.has('attr') && !url.searchParams.has('brush'));
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.waitForURL((url) => !url.searchParams.has('attr'));
  });
}

export async function grouping(harness, page) {
  await harness.check('traces group by their root, and a group opens', async () => {
    await page.getByRole('button', { name: 'Root operation', exact: true }).click();
    const table = page.getByRole('table', { name: 'Groups of traces' });
    await table.getByRole('cell').first().getByRole('button').click();
    await page.waitForURL((url) => url.searchParams.has('operation') && !url.searchParams.has('group'));
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.waitForURL((url) => !url.searchParams.has('operation'));
  });
}

export async function older(harness, page) {
  await harness.check('older traces are loaded at the end of the list', async () => {
    const table = page.getByRole('table', { name: /newest first/ });
    const rows = async () => Number(await table.getAttribute('aria-rowcount'));
    await table.waitFor();
    const before = await rows();
    const more = page.getByRole('button', { name: 'Load older traces' });
    // A shop that has only begun has no more than one page.
    if (!(await more.isVisible())) return;
    await more.click();
    await until('more rows', async () => (await rows()) > before);
  });
}

export async function marks(harness, page) {
  await harness.check('rows are walked, marked and compared by keys', async () => {
    await page.getByRole('table', { name: /newest first/ }).waitFor();
    await page.getByRole('heading', { level: 1 }).click();
    for (const key of ['j', 'x', 'j', 'x']) await page.keyboard.press(key);
    await until('two marks', () => new URL(page.url()).searchParams.getAll('marks').length === 2);
    const marked = new URL(page.url()).searchParams.getAll('marks');
    await page.keyboard.press('c');
    await page.waitForURL('**/compare?**');
    assert(param(page, 'a') === marked[0] && param(page, 'b') === marked[1], `leads to ${page.url()}`);
    await page.goBack();
    await page.getByRole('button', { name: 'Unmark' }).click();
    await page.waitForURL((url) => !url.searchParams.has('marks'));
  });
}

export async function keeping(harness, page) {
  await harness.check('an address is kept under a name, opened and deleted', async () => {
    await page.goto(`${harness.url}/traces?errors=true&viz=time`);
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('textbox', { name: 'Name for what is shown' }).fill('failing');
    await page.keyboard.press('Enter');
    await page.goto(`${harness.url}/traces`);
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('link', { name: 'failing' }).click();
    await page.waitForURL((url) => url.search === '?errors=true&viz=time');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('button', { name: 'Delete failing' }).click();
    await page.getByText('Nothing saved').waitFor();
    await page.keyboard.press('Escape');
  });
  await harness.check('what was found is saved as CSV and as JSON', async () => {
    await page.goto(`${harness.url}/traces`);
    for (const kind of ['CSV', 'JSON']) {
      await page.getByRole('button', { name: 'Export' }).click();
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('menuitem', { name: kind }).click(),
      ]);
      const text = await readFile(await file.path(), 'utf8');
      const count =
        kind === 'JSON' ? JSON.parse(text).traces.length : text.trimEnd().split('\r\n').length - 1;
      assert(count > 0 && count <= 1000, `${kind} holds ${count} traces`);
    }
  });
}
