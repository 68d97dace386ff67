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

const text = (page) => page.getByRole('combobox', { name: 'Conditions as text' });

/** Conditions as one text: with or, with a structure, with what is wrong, and back to chips. */
export async function queries(harness, page) {
  const ask = async (written) => {
    await text(page).fill(written);
    await text(page).press('Escape');
    await text(page).press('Enter');
  };
  await harness.check('what is wrong with a query is named with its place', async () => {
    await page.goto(`${harness.url}/traces?service=shop-cart&mode=text`);
    assert((await text(page).inputValue()) === '@service = shop-cart', 'the chips are not in the text');
    await ask('service = shop-cart and (kind = server');
    await page.getByRole('alert').getByText('Character 25: this ( is never closed.').waitFor();
    const at = await text(page).evaluate((area) => [area.selectionStart, area.selectionEnd]);
    assert(at[0] === 24 && at[1] === 25, `the place is not selected: ${at}`);
  });
  await harness.check('or and not reach the API as a tree, and are counted', async () => {
    const asked = page.waitForRequest((request) => {
      const url = new URL(request.url());
      return url.pathname.endsWith('/traces/count') && url.searchParams.has('where');
    });
    await ask('service = shop-cart and (kind = client or not http.route exists)');
    const where = JSON.parse(new URL((await asked).url()).searchParams.get('where'));
    assert(where.or?.[0].op === '=' && where.or?.[1].op === 'not-exists', JSON.stringify(where));
    await page.waitForURL((url) => url.searchParams.get('service') === 'shop-cart');
    await page.getByRole('table').first().waitFor();
  });
  await harness.check('a structure finds traces and survives reloading, as chips too', async () => {
    await ask('{service = shop-frontend} >> {service = shop-cart and kind = server}');
    await page.waitForURL((url) => (url.searchParams.get('q') ?? '').includes('>>'));
    await until('rows', async () => (await page.getByRole('cell').count()) > 0);
    await page.reload();
    await page.getByRole('button', { name: 'Chips', exact: true }).click();
    await page.getByRole('button', { name: /^Edit as text: \{@service = shop-frontend\} >> / }).waitFor();
    await page.getByRole('button', { name: /^Remove condition \{@service/ }).click();
    await page.waitForURL((url) => !url.searchParams.has('q'));
  });
  await harness.check('an example of the help is there to be changed', async () => {
    await page.getByRole('button', { name: 'How conditions are written' }).click();
    await page.getByRole('button', { name: /^\{kind = producer\} > / }).click();
    await until('the example', async () => (await text(page).inputValue()).includes('producer'));
    assert(!new URL(page.url()).searchParams.has('q'), 'it was asked at once');
  });
  await harness.check('other values of a facet stay to be chosen, and Ctrl+click adds one', async () => {
    await page.goto(`${harness.url}/traces?service=shop-cart`);
    const list = facets(page).getByRole('list', { name: 'Service', exact: true });
    await list.getByRole('button', { name: /^shop-cart/, pressed: true }).waitFor();
    await list
      .getByRole('button', { name: /^shop-catalog/, pressed: false })
      .click({ modifiers: ['Control'] });
    await page.waitForURL((url) => url.searchParams.get('q') === '@service in (shop-cart, shop-catalog)');
    await until('two', async () => (await list.getByRole('button', { pressed: true }).count()) === 2);
    await page.goto(`${harness.url}/traces`);
  });
}

/** A list that goes on does not move under the one who reads it. */
export async function live(harness, page) {
  await harness.check('new traces wait while the list is read', async () => {
    await page.goto(`${harness.url}/traces?from=now-15m&live=true`);
    const rows = page.getByRole('region', { name: 'Traces, newest first' });
    await rows.hover();
    const first = () => rows.getByRole('link').first().getAttribute('href');
    await page.getByRole('button', { name: /new traces?$/ }).waitFor({ timeout: 60_000 });
    const before = await first();
    await page.waitForTimeout(100);
    assert((await first()) === before, 'the first row moved');
    await page.getByRole('button', { name: /new traces?$/ }).click();
    await until('the newest', async () => (await first()) !== before);
    await page.goto(`${harness.url}/traces`);
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
  await harness.check('arrow keys select in every picture, Escape clears', async () => {
    for (const [name, , written] of PICTURES) {
      await page.getByRole('button', { name, exact: true }).click();
      const keys = page.getByRole('application', { name: 'Select with the arrow keys' });
      await keys.focus();
      await keys.press('ArrowLeft');
      await keys.press('Shift+ArrowLeft');
      await until('the brush in the address', () => written.test(param(page, 'brush') ?? ''));
      await keys.press('Escape');
      await until('no brush', () => param(page, 'brush') === null);
    }
  });
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
