import { randomBytes } from 'node:crypto';
import { assert, until } from './harness.mjs';
import { pagesOf, show } from './pages.mjs';
import { startWeft } from './weft.mjs';

const TABS = 8;
const SLOW_MS = 5_000;

/**
 * Addresses that bring everything back, and what pages do when the server answers late, badly or not at all. Wants the demo
 * shop's traces; it starts a Weft of its own besides, under a path, and kills that.
 */
export async function robust(harness) {
  await deepLinks(harness);
  await badAddresses(harness);
  await failures(harness);
  await manyTabs(harness);
  await subPath(harness);
}

/** What stands on a page because of its address: its titles, what is chosen, and what is typed in. */
const stateOf = (page) =>
  page.evaluate(() => {
    const text = (one) => (one.getAttribute('aria-label') ?? one.textContent).replace(/\s+/g, ' ').trim();
    const of = (selector, say = text) => [...document.querySelectorAll(`main ${selector}`)].map(say);
    return {
      title: of('h1')[0],
      pressed: of('[aria-pressed=true]'),
      selected: of('[role=tab][aria-selected=true]').map((name) => name.replace(/[\d\s]+$/, '')),
      sorted: of('[aria-sort]'),
      checked: of('input:checked', (one) => one.getAttribute('aria-label') ?? one.labels?.[0]?.textContent),
      typed: of('input:not([type=checkbox]):not([type=radio]):not([type=range])', (one) => one.value).filter(
        Boolean,
      ),
      chosen: of('select', (one) => one.value),
    };
  });

async function deepLinks(harness) {
  const first = await harness.open();
  const pages = await pagesOf(harness, first.page);
  const trace = pages.find(({ name }) => name === 'trace').path;
  const span = pages.find(({ name }) => name === 'trace span overview').path;
  // Between two times: what is shown does not go on while it is compared.
  const end = Date.now();
  const time = `from=${new Date(end - 600_000).toISOString()}&to=${new Date(end).toISOString()}`;
  const table = 'main table, main [role=table]';
  for (const [name, path, ready] of [
    ['overview', `/?${time}&sort=name`, table],
    [
      'map',
      `/map?${time}&metric=p95&sel=service:shop-orders&focus=service:shop-orders&hops=2`,
      '[role=application]',
    ],
    ['map as tables', `/map?${time}&table=true&sort=-p95`, table],
    ['functions', `/functions?${time}&q=shop-or&sort=-p95`, table],
    ['invocations', `/functions/shop-frontend?${time}&tab=invocations&outcome=success`, table],
    ['statements', `/services/orders.db?${time}&kind=database&tab=statements`, table],
    ['traces', `/traces?${time}&service=shop-orders&viz=histogram&group=root`, table],
    ['traces with a selection', `/traces?${time}&service=shop-orders&brush=errors`, table],
    ['trace', `${trace}?cp=off&fold=off&q=card&min=10`, '[role=treegrid] [role=row]'],
    ['span', `${span.replace('tab=overview', 'tab=attributes')}&z=0-20ms`, '[role=tabpanel]:visible'],
    ['statistics', `${trace}?v=table&sort=-calls`, table],
    ['compare', pages.find(({ name: of }) => of === 'compare').path, table],
    ['logs', `/logs?${time}&text=order&minSeverity=info`, '[data-row="0"]'],
  ]) {
    await harness.check(`${name}: its address brings the same back elsewhere`, async () => {
      await show(harness, first.page, { path, ready });
      const copied = first.page.url();
      const lost = [...new URL(harness.url + path).searchParams.keys()].filter(
        (key) => !new URL(copied).searchParams.has(key),
      );
      assert(lost.length === 0, `the address lost ${lost.join(', ')}`);
      const other = await harness.open();
      try {
        await other.page.goto(copied);
        await other.page.locator(ready).first().waitFor();
        await until(
          'the same state',
          async () => {
            const [here, there] = [await stateOf(first.page), await stateOf(other.page)].map((one) =>
              JSON.stringify(one),
            );
            assert(here === there, `${here} is not ${there}`);
            return true;
          },
          20_000,
        );
      } finally {
        await other.context.close();
      }
    });
  }
  await harness.checkQuiet('deep links', first);
  await first.context.close();
}

async function badAddresses(harness) {
  const tab = await harness.open();
  const pages = await pagesOf(harness, tab.page);
  for (const of of ['overview', 'map', 'functions', 'traces', 'trace', 'compare', 'logs']) {
    const { path, ready } = pages.find(({ name }) => name === of);
    await harness.check(`${of}: what an address holds in error is named, and the page is there`, async () => {
      const bad = new URL(harness.url + path);
      bad.searchParams.set('colour', 'red');
      if (!/trace\/|compare/.test(path)) bad.searchParams.set('from', 'whenever');
      await tab.page.goto(bad.href);
      await tab.page.getByText(/^Part of the address was not understood.*colour/).waitFor();
      await tab.page.locator(ready).first().waitFor();
      await tab.page.getByRole('button', { name: 'Close' }).first().click();
      await tab.page.getByText(/^Part of the address/).waitFor({ state: 'detached' });
    });
  }
  await harness.checkQuiet('bad addresses', tab);
  await tab.context.close();
}

/** Page, the question that fails, and what still stands there. */
const PANELS = [
  ['/?from=now-15m', '**/api/v1/topology?**', { role: 'region', name: 'Newest errors' }],
  ['/?from=now-15m', '**/api/v1/logs?**', { role: 'region', name: 'Functions and services' }],
  ['/traces', '**/api/v1/facets?**', { role: 'table', name: 'Traces, newest first' }],
  [
    '/traces?service=shop-orders&brush=errors',
    '**/api/v1/diff?**',
    { role: 'table', name: 'Traces, newest first' },
  ],
  ['/functions', '**/api/v1/topology?**', { role: 'table', name: 'Functions' }],
  ['/map', '**/api/v1/topology?**', { role: 'group', name: 'What the map shows' }],
  ['/logs', '**/api/v1/logs?**', { role: 'textbox' }],
];

async function failures(harness) {
  const tab = await harness.open({ expected: [/status of 500/] });
  const { page } = tab;
  for (const [path, question, alive] of PANELS) {
    const where = `${path} without ${question.replace(/^\*+\/|\?\*+$/g, '')}`;
    const stays = () => page.getByRole(alive.role, alive.name ? { name: alive.name } : {}).first();
    await harness.check(`${where}: a failure stands where the data would, and the rest lives`, async () => {
      let asked = 0;
      await page.route(question, (route) => {
        asked++;
        return route.fulfill({
          status: 500,
          contentType: 'application/problem+json',
          body: JSON.stringify({ title: 'Internal error', status: 500, requestId: '98dc8717d1b216f4' }),
        });
      });
      await page.goto(harness.url + path);
      await page.getByText('98dc8717d1b216f4').first().waitFor();
      assert(asked > 0, 'nothing was asked');
      await stays().waitFor();
      await page.unrouteAll({ behavior: 'ignoreErrors' });
      for (
        let left = 5;
        left > 0 && (await page.getByRole('button', { name: 'Try again' }).count()) > 0;
        left--
      )
        await page
          .getByRole('button', { name: 'Try again' })
          .first()
          .click()
          .catch(() => {});
      await page.getByText('98dc8717d1b216f4').first().waitFor({ state: 'detached' });
    });
    // Facets stand without their numbers until those come.
    if (question.includes('facets')) continue;
    await harness.check(`${where}: a slow answer says how long it takes, and comes`, async () => {
      await page.route(question, async (route) => {
        await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
        await route.continue().catch(() => {});
      });
      await page.goto(harness.url + path);
      await page.getByRole('main').getByRole('button', { name: 'Cancel' }).first().waitFor();
      await stays().waitFor();
      await page
        .getByRole('main')
        .getByRole('button', { name: 'Cancel' })
        .first()
        .waitFor({ state: 'detached' });
      await page.unrouteAll({ behavior: 'ignoreErrors' });
    });
  }
  for (const path of ['/', '/map', '/functions', '/functions/shop-frontend', '/traces', '/logs']) {
    await harness.check(`${path}: a time in which nothing was stored says so`, async () => {
      await page.goto(`${harness.url}${path}?from=2020-01-01T00:00:00Z&to=2020-01-01T01:00:00Z`);
      await page
        .getByRole('main')
        .getByText(/nothing|not invoked|no .*(span|trace|function|record|error|call|invocation)/i)
        .filter({ visible: true })
        .first()
        .waitFor();
    });
  }
  await harness.checkQuiet('failures', tab);
  await tab.context.close();
}

/** A browser has six connections to a server; none of them may be held. */
async function manyTabs(harness) {
  const tab = await harness.open();
  const { context } = tab;
  await harness.check(`${TABS} tabs that follow the present all load`, async () => {
    const paths = [
      '/',
      '/map',
      '/functions',
      '/traces',
      '/logs',
      '/functions/shop-orders',
      '/traces?viz=heat',
      '/',
    ];
    const pages = [tab.page];
    while (pages.length < TABS) pages.push(await context.newPage());
    for (const [i, path] of paths.entries()) {
      const address = new URL(harness.url + path);
      address.searchParams.set('from', 'now-15m');
      address.searchParams.set('live', 'true');
      await pages[i].goto(address.href);
    }
    for (const [i, page] of pages.entries())
      await page
        .locator('main [role=table]:visible, main table:visible, main [role=application]')
        .first()
        .waitFor()
        .catch((error) => {
          throw new Error(`tab ${i + 1}: ${error.message}`);
        });
    await pages[TABS - 1].reload();
    await pages[TABS - 1].locator('main table').first().waitFor();
  });
  await harness.checkQuiet('many tabs', tab);
  await context.close();
}

/** Behind a proxy that serves everything under a path; and that goes away and comes back. */
async function subPath(harness) {
  const weft = await startWeft({ args: ['--base-path', '/obs/'] });
  const base = `${weft.url}/obs`;
  const tab = await harness.open({ expected: [/ERR_CONNECTION|Failed to (load|fetch)/] });
  const { page } = tab;
  // Only of this Weft; harness.open takes what goes elsewhere than to the first one for a complaint.
  const outside = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(`${base}/`)) outside.push(request.url());
  });
  const traceId = randomBytes(16).toString('hex');
  try {
    await harness.check('under a path: the first span turns the page into its trace', async () => {
      await page.goto(`${base}/`);
      await page.getByText('otlp-http', { exact: true }).waitFor();
      await send(weft, traceId, 'first span');
      await page.waitForURL(`${base}/trace/${traceId}`);
      await page.getByRole('row', { name: /first span/ }).waitFor();
    });
    await harness.check('under a path: every page and reload stays there', async () => {
      for (const name of ['Overview', 'Map', 'Functions', 'Traces', 'Logs']) {
        await page.getByRole('navigation').getByRole('link', { name }).click();
        await page.waitForURL((url) => url.pathname.startsWith('/obs/'));
        await page.reload();
        await page.getByRole('navigation').getByRole('link', { name }).waitFor();
      }
      await page.goto(`${base}/trace/${traceId}`);
      await page.getByRole('row', { name: /first span/ }).waitFor();
      assert(outside.length === 0, `asked for ${outside.slice(0, 3).join(', ')}`);
    });
    await harness.check(
      'a server that is gone is said so, and what comes back goes on by itself',
      async () => {
        await page.goto(`${base}/traces?live=true`);
        await page.getByRole('table', { name: 'Traces, newest first' }).waitFor();
        await weft.kill();
        await page.getByText('The server does not answer').first().waitFor();
        assert(await page.getByText('first span').first().isVisible(), 'what was there is gone');
        await weft.start();
        await page.getByText('The server does not answer').first().waitFor({ state: 'detached' });
        await send(weft, randomBytes(16).toString('hex'), 'after the restart');
        await page.getByText('after the restart').first().waitFor();
      },
    );
  } finally {
    await tab.context.close();
    await weft.stop();
  }
}

async function send(weft, traceId, name) {
  const now = BigInt(Date.now()) * 1_000_000n;
  const span = {
    traceId,
    spanId: randomBytes(8).toString('hex'),
    name,
    kind: 2,
    startTimeUnixNano: String(now),
    endTimeUnixNano: String(now + 250_000_000n),
  };
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'hello' } }] };
  const answer = await fetch(`${weft.otlp}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }),
  });
  assert(answer.ok, `sending a span was answered ${answer.status}`);
}
