import { randomBytes } from 'node:crypto';
import { grid, panel, rowCount } from './demo-trace.mjs';
import { assert, until } from './harness.mjs';

const MS = 1_000_000n;
const SECOND = 1000n * MS;
const id = (bytes) => randomBytes(bytes).toString('hex');
const row = (page, text) => page.getByRole('row').filter({ hasText: text });
const param = (page, name) => new URL(page.url()).searchParams.getAll(name);

const text = (values) =>
  Object.entries(values).map(([key, value]) => ({
    key,
    value: typeof value === 'bigint' ? { intValue: String(value) } : { stringValue: value },
  }));

/** Sends spans and span starts of one service to where the server says that it takes OTLP. */
async function sender(harness, page) {
  const info = await (await page.context().request.get(`${harness.url}/api/v1/info`)).json();
  const address = info.ingest.find((i) => i.protocol === 'otlp-http')?.address;
  assert(address, 'no otlp-http address');
  const url = address.includes('://') ? address : `http://${address}`;
  const post = async (path, body) => {
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    assert(response.ok, `${path} was answered ${response.status}: ${await response.text()}`);
  };
  const resource = (service) => ({ attributes: text({ 'service.name': service }) });
  return {
    spans: (service, spans) =>
      post('/v1/traces', { resourceSpans: [{ resource: resource(service), scopeSpans: [{ spans }] }] }),
    starts: (service, logRecords) =>
      post('/v1/logs', { resourceLogs: [{ resource: resource(service), scopeLogs: [{ logRecords }] }] }),
  };
}

const span = (traceId, spanId, name, kind, start, length, more = {}) => ({
  traceId,
  spanId,
  name,
  kind,
  startTimeUnixNano: String(start),
  endTimeUnixNano: String(start + length),
  ...more,
});

/** An order that is worked on 252 seconds later by a second trace, which a third follows; a run that was killed and one under way. */
export async function prepareMarks(harness, page) {
  const send = await sender(harness, page);
  const now = BigInt(Date.now()) * MS;
  const [a, b, c] = [id(16), id(16), id(16)];
  const [order, publish, work, render, receipt, archive] = Array.from({ length: 6 }, () => id(8));
  const t0 = now - 300n * SECOND;
  const t1 = t0 + 252n * SECOND;
  const queue = (name) => text({ 'messaging.system': 'kafka', 'messaging.destination.name': name });
  const event = (at, name) => ({ timeUnixNano: String(at), name });
  await send.spans('marks-orders', [
    span(a, order, 'POST /orders', 2, t0, 60n * MS, { events: [event(t0 + 5n * MS, 'validated')] }),
    span(a, publish, 'send orders', 4, t0 + 35n * MS, 8n * MS, {
      parentSpanId: order,
      attributes: queue('orders'),
    }),
  ]);
  await send.spans('marks-mail', [
    span(b, work, 'process orders', 5, t1, 90n * MS, {
      attributes: queue('orders'),
      links: [{ traceId: a, spanId: publish }],
    }),
    span(b, render, 'render', 1, t1 + 5n * MS, 30n * MS, {
      parentSpanId: work,
      status: { code: 2 },
      events: [event(t1 + 9n * MS, 'retry'), event(t1 + 20n * MS, 'exception')],
    }),
    span(b, receipt, 'send receipts', 4, t1 + 40n * MS, 10n * MS, {
      parentSpanId: work,
      attributes: queue('receipts'),
    }),
  ]);
  await send.spans('marks-archive', [
    span(c, archive, 'process receipts', 5, t1 + 20n * SECOND, 15n * MS, {
      links: [{ traceId: b, spanId: receipt }],
    }),
  ]);
  const [live, caller, running, lost, killed] = [id(16), id(8), id(8), id(8), id(8)];
  const started = now - 60n * SECOND;
  await send.spans('marks-web', [
    span(live, caller, 'call functions', 2, started, 20n * SECOND),
    span(live, killed, 'Invocation', 1, started, 3n * SECOND, {
      parentSpanId: caller,
      status: { code: 2 },
      attributes: text({ 'weft.killed': 'timeout' }),
    }),
  ]);
  const start = (spanId, name, deadline) => ({
    timeUnixNano: String(started),
    traceId: live,
    spanId,
    eventName: 'weft.span.start',
    body: { stringValue: name },
    attributes: text({ 'weft.span.parent': caller, 'weft.span.deadline': deadline }),
  });
  await send.starts('marks-fn', [
    start(running, 'still at work', now + 3600n * SECOND),
    start(lost, 'never told', started - 3600n * SECOND),
  ]);
  const stored = async (traceId, spans) => {
    const at = `${harness.url}/api/v1/traces/${traceId}?format=compact`;
    const answer = await page.context().request.get(at);
    return answer.ok() && (await answer.json()).spans.id.length >= spans;
  };
  await until('the traces', async () => (await stored(a, 2)) && (await stored(b, 3)) && (await stored(c, 1)));
  await until('the starts', () => stored(live, 4));
  return { a, b, c, publish, work, receipt, live, caller, send };
}

export async function linkedInline(harness, page, { a, b, publish, receipt, work }) {
  await harness.check('a linked trace opens below its span and stands in the address', async () => {
    await page.goto(`${harness.url}/trace/${a}`);
    await row(page, 'send orders').getByRole('button', { name: 'Show the linked trace here' }).click();
    await row(page, 'Linked trace: marks-mail: process orders').waitFor();
    await row(page, 'render').waitFor();
    assert(param(page, 'hop').join() === publish, `hop is ${param(page, 'hop')}`);
    assert(
      (await rowCount(page)) === 6,
      `${await rowCount(page)} rows, want two spans, a block and its three`,
    );
  });
  await harness.check('the wait in the queue is said in words', async () => {
    await row(page, 'marks-mail')
      .filter({ hasText: 'in queue orders: 4 m 12 s' })
      .first()
      .waitFor({ state: 'attached' });
    assert(param(page, 'gaps').join() === 'on', 'idle time is not shortened');
  });
  await harness.check('key l goes on to the next trace, and the address brings all back', async () => {
    await row(page, 'send receipts').click();
    await page.waitForURL((url) => url.searchParams.get('s') === receipt);
    await panel(page).getByText('Share of trace').waitFor();
    await grid(page).focus();
    await page.keyboard.press('l');
    await row(page, 'process receipts').first().waitFor();
    await page.getByText('2 linked traces are shown below their spans.').waitFor();
    await page.reload();
    await row(page, 'Linked trace: marks-archive: process receipts').waitFor();
    assert((await page.getByRole('row', { selected: true }).count()) === 1, 'the selected span was lost');
  });
  await harness.check('from the other end the earlier trace comes in', async () => {
    await page.goto(`${harness.url}/trace/${b}?hop=${work}&gaps=on`);
    await row(page, 'Linked trace: marks-orders: POST /orders').waitFor();
    await row(page, 'process orders')
      .filter({ hasText: 'starts at 4 m 12 s' })
      .waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Hide all' }).click();
    await until('its own rows alone', async () => (await rowCount(page)) === 3);
  });
}

export async function states(harness, page, { live }) {
  await harness.check('running, killed and lost spans say so', async () => {
    await page.goto(`${harness.url}/trace/${live}`);
    for (const [name, state] of [
      ['still at work', 'running'],
      ['Invocation', 'killed'],
      ['never told', 'end unknown'],
    ])
      await row(page, name).getByText(state, { exact: true }).waitFor();
    await row(page, 'still at work').filter({ hasText: 'so far' }).waitFor({ state: 'attached' });
  });
  await harness.check('the legend explains the marks', async () => {
    await page.getByRole('button', { name: 'Legend' }).click();
    for (const words of ['its program was killed', 'has not ended yet', 'part of a cold start'])
      await page.getByText(words, { exact: true }).waitFor();
    await page.keyboard.press('Escape');
    await until(
      'no legend',
      async () => (await page.getByText('has not ended yet', { exact: true }).count()) === 0,
    );
  });
}

export async function coldPhases(harness, page) {
  const ask = async (path) => (await page.context().request.get(`${harness.url}/api/v1/${path}`)).json();
  await harness.check(
    'the phases of a cold start have names beside the raw ones, and the snowflake',
    async () => {
      const found = await until('a cold start', async () => {
        const { traces } = await ask('traces?operation=PrepareCode&limit=1');
        return traces[0];
      });
      await page.goto(`${harness.url}/trace/${found.traceId}?fold=off`);
      const phase = row(page, 'RuntimeInitialization').first();
      await phase.getByText('Runtime start', { exact: true }).waitFor();
      assert((await phase.locator('[data-icon=cold]').count()) === 1, 'no snowflake');
    },
  );
}

export async function growth(harness, page, { live, caller, send }) {
  await harness.check('what has come since is only said; reading it again keeps the place', async () => {
    await page.goto(`${harness.url}/trace/${live}`);
    await until('its rows', async () => (await rowCount(page)) >= 4);
    const before = await rowCount(page);
    const start = BigInt(Date.now()) * MS - 50n * SECOND;
    await send.spans('marks-web', [
      span(live, id(8), 'came late', 1, start, SECOND, { parentSpanId: caller }),
      span(live, id(8), 'came late too', 1, start, SECOND, { parentSpanId: caller }),
    ]);
    const pill = page.getByRole('button', { name: '+2 spans, refresh' });
    await pill.waitFor();
    assert((await rowCount(page)) === before, 'rows came by themselves');
    await grid(page).focus();
    await page.keyboard.press('End');
    const active = await page.getByRole('row').last().getAttribute('data-row');
    assert(active !== null, 'no active row');
    await pill.click();
    await until('the new rows', async () => (await rowCount(page)) === before + 2);
    await until('no pill', async () => (await pill.count()) === 0);
  });
  await harness.check('a trace whose root is on its way raises no alarm', async () => {
    const young = id(16);
    const now = BigInt(Date.now()) * MS;
    await send.spans('marks-web', [
      span(young, id(8), 'early child', 1, now, SECOND, { parentSpanId: id(8) }),
    ]);
    await until('it', async () =>
      (await page.context().request.get(`${harness.url}/api/v1/traces/${young}`)).ok(),
    );
    await page.goto(`${harness.url}/trace/${young}`);
    await row(page, 'early child').waitFor();
    await page.getByText(/^Still arriving/).waitFor({ timeout: 5000 });
    assert((await page.getByText(/waits for its parent/).count()) === 0, 'it is an alarm all the same');
  });
}

export async function placeAndLevels(harness, page, { a, b }) {
  await harness.check('b moves the details to the bottom, which is kept', async () => {
    await page.goto(`${harness.url}/trace/${a}`);
    await row(page, 'send orders').click();
    await panel(page).getByText('Share of trace').waitFor();
    const box = () => panel(page).boundingBox();
    const right = await box();
    await page.keyboard.press('b');
    await until('a wide panel', async () => (await box()).width > right.width * 1.5);
    await page.reload();
    await panel(page).getByText('Share of trace').waitFor();
    assert((await box()).width > right.width * 1.5, 'the place was lost');
    await page.keyboard.press('b');
    await until('the panel on the right', async () => (await box()).width < right.width * 1.1);
  });
  await harness.check('x marks one trace and compares the next with it', async () => {
    await page.keyboard.press('x');
    await page.getByText(/^This trace is marked/).waitFor();
    await page.goto(`${harness.url}/trace/${b}`);
    await page.getByText(/^Another trace is marked/).waitFor();
    await page.keyboard.press('x');
    await page.waitForURL((url) => url.searchParams.get('a') === a && url.searchParams.get('b') === b);
  });
  await harness.check('the least severity of the logs stands in the address', async () => {
    const { logs } = await (await page.context().request.get(`${harness.url}/api/v1/logs?limit=200`)).json();
    const log = logs.find((one) => one.traceId && !/^0*$/.test(one.traceId));
    assert(log, 'no log record has a trace');
    await page.goto(`${harness.url}/trace/${log.traceId}?v=logs&level=error`);
    const errors = page.getByRole('button', { name: 'Errors', exact: true });
    await errors.waitFor();
    assert((await errors.getAttribute('aria-pressed')) === 'true', 'the level of the address does not hold');
    await page.getByRole('button', { name: 'All', exact: true }).click();
    await page.waitForURL((url) => !url.searchParams.has('level'));
  });
}

/** What the waterfall draws and says of links, states, cold starts and time. */
export async function marksOfTrace(harness, page) {
  const made = await harness.check('traces with links, and with runs that did not end, are stored', () =>
    prepareMarks(harness, page),
  );
  if (!made) return;
  await linkedInline(harness, page, made);
  await states(harness, page, made);
  await coldPhases(harness, page);
  await growth(harness, page, made);
  await placeAndLevels(harness, page, made);
  await harness.check('minimap and flame graph are as compressed as the waterfall', async () => {
    await page.goto(`${harness.url}/trace/${made.a}?hop=${made.publish}&v=flame`);
    const picture = () => page.evaluate(() => document.querySelector('[role=img] canvas').toDataURL());
    const flame = () => page.evaluate(() => document.querySelector('[role=group] canvas').toDataURL());
    await page.getByText('1 linked trace is shown below its span.').waitFor();
    const [map, graph] = [await picture(), await flame()];
    await page.getByRole('switch', { name: 'Shorten idle time' }).click({ force: true });
    await until('another overview', async () => (await picture()) !== map);
    await until('another flame graph', async () => (await flame()) !== graph);
  });
  for (const theme of ['light', 'dark']) {
    const tab = await harness.open({ theme });
    await tab.page.goto(`${harness.url}/trace/${made.a}?hop=${made.publish}&gaps=on`);
    await row(tab.page, 'Linked trace: ').waitFor();
    await harness.checkAccessible(`linked traces, ${theme}`, tab.page);
    await tab.page.goto(`${harness.url}/trace/${made.live}`);
    await row(tab.page, 'still at work').waitFor();
    await tab.page.getByRole('button', { name: 'Legend' }).click();
    await tab.page.getByText('its program was killed', { exact: true }).waitFor();
    await harness.checkAccessible(`states and legend, ${theme}`, tab.page);
    await tab.context.close();
  }
}
