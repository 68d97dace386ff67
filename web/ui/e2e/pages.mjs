import { until } from './harness.mjs';

/**
 * Every route and tab with the demo shop's data: its name, its address, and what is on the page when it is ready. Traces,
 * spans and records are looked up, because each run has its own.
 */
export async function pagesOf(harness, page) {
  const ask = async (path) => (await page.context().request.get(`${harness.url}/api/v1/${path}`)).json();
  const { failed, span, twin } = await until('a failed checkout', async () => {
    const { traces } = await ask('traces?errors=true&service=shop-payment&limit=50&from=now-24h');
    const failed = traces.sort((a, b) => b.spans - a.spans)[0]?.traceId;
    const { reasons } = await ask(`traces/${failed}/analysis`);
    const whole = await ask('traces?service=shop-payment&limit=50&from=now-24h');
    const twin = whole.traces.find(({ errors }) => errors === 0)?.traceId;
    return failed && twin && { failed, span: reasons[0].spanId, twin };
  });
  const trace = `/trace/${failed}`;
  const table = 'main table, main [role=table]';
  const panel = '[role=tabpanel]:visible';
  const tabs = (of, names, ready) =>
    names.map((tab) => [`${of.replaceAll('/', ' ').trim()} ${tab}`, `${of}?tab=${tab}&from=now-24h`, ready]);
  return [
    ['overview', '/?from=now-15m', table],
    ['map', '/map', '[role=application]'],
    ['map node', '/map?sel=service:shop-orders', '[role=application]'],
    ['map focus', '/map?focus=service:shop-payment&hops=2&sel=service:shop-payment', '[role=application]'],
    ['map changes', '/map?diff=before', '[role=application]'],
    ['map tables', '/map?table=true&sel=service:shop-orders', table],
    ['functions', '/functions', table],
    ...tabs(
      '/functions/shop-frontend',
      ['overview', 'invocations', 'coldStarts', 'versions', 'errors', 'dependencies', 'instances', 'logs'],
      panel,
    ),
    ...tabs('/functions/shop-recommend', ['profile'], panel),
    ...tabs('/services/orders.db', ['overview', 'statements', 'errors', 'dependencies'], panel),
    ['traces', '/traces', table],
    ['traces selection', '/traces?from=now-24h&service=shop-orders&brush=errors', 'main aside ol li'],
    ['traces heat map', '/traces?viz=heat', table],
    ['traces durations', '/traces?viz=histogram', table],
    ['traces over time', '/traces?viz=time', table],
    ['traces by operation', '/traces?group=root', table],
    ['trace', trace, '[role=treegrid] [role=row]'],
    ...['overview', 'attributes', 'events', 'logs', 'links', 'raw'].map((tab) => [
      `trace span ${tab}`,
      `${trace}?s=${span}&tab=${tab}`,
      panel,
    ]),
    ['trace flame graph', `${trace}?v=flame`, 'main canvas'],
    ['trace map', `${trace}?v=map`, 'main table, main [role=application], main canvas'],
    ['trace statistics', `${trace}?v=table`, table],
    ['trace logs', `${trace}?v=logs`, 'main'],
    ['compare form', `/compare?b=${failed}`, 'main form'],
    ['compare', `/compare?a=${twin}&b=${failed}`, table],
    ['file', '/file', 'main h1'],
    ['logs', '/logs', '[data-row="0"]'],
    ['settings', '/settings', 'main [role=switch]'],
    ['no such page', '/no/such/page', 'main h1'],
    ['no such trace', '/trace/00000000000000000000000000000001', 'main h1'],
  ].map(([name, path, ready]) => ({ name, path, ready }));
}

const answer = (body) => (route) =>
  route.fulfill({ status: 200, contentType: 'application/json', body: JSON.stringify(body) });

/** States that a running demo does not have by itself: what to do on a page so that they show. */
export const STATES = [
  {
    name: 'state first run',
    path: '/',
    ready: 'main code',
    prepare: async (page) => {
      await page.route('**/api/v1/stats', answer({ signals: [{ signal: 'traces', rows: 0, bytes: 0 }] }));
      // The page goes to the first trace by itself.
      await page.route('**/api/v1/traces?**', answer({ traces: [] }));
    },
  },
  {
    name: 'state empty',
    path: '/traces?service=no-such-service',
    ready: 'main [role=status]',
  },
  {
    name: 'state nothing in the range',
    path: '/?from=2020-01-01T00:00:00Z&to=2020-01-01T01:00:00Z',
    ready: 'main [role=status]',
  },
  { name: 'state bad address', path: '/traces?minDuration=fast&colour=red', ready: 'main [role=table]' },
  {
    name: 'state error',
    path: '/?from=now-15m',
    ready: 'main [role=alert]',
    prepare: (page) =>
      page.route('**/api/v1/topology**', (route) =>
        route.fulfill({
          status: 500,
          contentType: 'application/problem+json',
          body: JSON.stringify({ title: 'Internal error', status: 500, requestId: '98dc8717d1b216f4' }),
        }),
      ),
  },
  {
    name: 'state loading',
    path: '/?from=now-15m',
    ready: 'main [role=status]',
    prepare: (page) => page.route(/\/api\/v1\/(?!session|info|stats)/, () => {}),
    after: (page) =>
      page
        .getByRole('button', { name: /^(Cancel|取消)/ })
        .first()
        .waitFor(),
  },
  {
    name: 'dialog palette',
    path: '/?from=now-15m',
    ready: 'main table',
    after: async (page) => {
      await page.keyboard.press('Control+k');
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'dialog keys',
    path: '/map',
    ready: '[role=application]',
    after: async (page) => {
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'dialog time range',
    only: '[role=dialog]',
    path: '/traces',
    ready: 'main [role=table]',
    after: (page) => page.getByRole('button', { name: /^(Last hour|最近 1 小时|过去 1 小时)/ }).click(),
  },
  {
    name: 'log record',
    path: '/logs',
    ready: '[data-row="0"]',
    after: (page) => page.locator('[data-row="0"]').click(),
  },
];

/** Opens one of the above and waits until it stands there. */
export async function show(harness, page, { path, ready, prepare, after }) {
  await prepare?.(page);
  await page.goto(harness.url + path);
  await page.locator(ready).first().waitFor();
  await after?.(page);
}

/** Waits until nothing is being asked for and nothing moves, as well as one can know. */
export async function settled(page) {
  await page.waitForLoadState('networkidle', { timeout: 5_000 }).catch(() => {});
  await page.waitForTimeout(300);
}
