import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { assert, until } from './harness.mjs';

const FOLDER = fileURLToPath(new URL('golden/', import.meta.url));
const MS = 1_000_000n;

/** Services of a name of their own each time, so that nothing on the page speaks of other runs. */
const run = randomBytes(4).toString('hex');
const hex = (bytes) => randomBytes(bytes).toString('hex');
const text = (key, stringValue) => ({ key, value: { stringValue } });

/**
 * What a screen reader has of the trace page, compared with golden/*.yaml. The trace is the same each time but for its ids
 * and its day. WEFT_UPDATE_GOLDEN=1 writes the files anew. Wants a collector that takes OTLP/HTTP.
 */
export async function tree(harness) {
  const tab = await harness.open();
  const { page } = tab;
  const trace = await harness.check('a trace is sent and stored', async () => {
    const sent = await send(harness, page);
    await until('its spans', async () => {
      const answer = await page
        .context()
        .request.get(`${harness.url}/api/v1/traces/${sent.traceId}/analysis`);
      return answer.ok() && (await answer.json()).spans === sent.spans;
    });
    return sent;
  });
  assert(trace, 'there is no trace to look at');
  for (const [name, address, ready] of [
    ['trace-page', '', '[role=treegrid] [role=row]'],
    ['trace-page-span', `?s=${trace.failed}`, '[role=tabpanel]:visible'],
    ['trace-page-statistics', '?v=table', 'main table'],
  ]) {
    await harness.check(`the accessibility tree of ${name} is the golden one`, async () => {
      await page.goto(`${harness.url}/trace/${trace.traceId}${address}`);
      await page.locator(ready).first().waitFor();
      await page.getByRole('heading', { name: /^Why it/ }).waitFor();
      let last = '';
      const settled = await until('a page that stays', async () => {
        const now = await page.locator('#main').ariaSnapshot();
        const same = now === last && !(await page.locator('#main [aria-busy=true]').count());
        last = now;
        return same && now;
      });
      compare(name, `${neutral(settled)}\n`);
    });
  }
  await harness.checkQuiet('accessibility tree', tab);
  await tab.context.close();
}

/** Without what differs from run to run. */
const neutral = (yaml) =>
  yaml
    .replaceAll(`-${run}`, '')
    .replace(/\b[0-9a-f]{32}\b/g, 'TRACE')
    .replace(/\b[0-9a-f]{16}\b/g, 'SPAN')
    .replace(/\b[A-Z][a-z]{2} \d{1,2}, \d{4}, [\d:.]+(?: UTC)?/g, 'TIME')
    .replace(/\d+ sec\. ago|\d+ min\. ago|now(?=")/g, 'AGO');

function compare(name, now) {
  const file = `${FOLDER}${name}.yaml`;
  if (process.env.WEFT_UPDATE_GOLDEN) {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(file, now);
    return;
  }
  assert(existsSync(file), `${file} is missing; WEFT_UPDATE_GOLDEN=1 writes it`);
  const want = readFileSync(file, 'utf8').split('\n');
  const got = now.split('\n');
  const at = want.findIndex((line, i) => line !== got[i]);
  assert(
    want.length === got.length && at < 0,
    `line ${at + 1} is ${got[at]}, want ${want[at]} (${got.length} lines, want ${want.length})`,
  );
}

/** A checkout in three services: eight queries one after the other, a call that fails with an exception, an event. */
async function send(harness, page) {
  const traceId = hex(16);
  const start = BigInt(Date.now() - 60_000) * MS;
  const ids = { root: hex(8), pay: hex(8), card: hex(8) };
  const span = (spanId, parentSpanId, name, kind, fromMs, toMs, more = {}) => ({
    traceId,
    spanId,
    parentSpanId,
    name,
    kind,
    startTimeUnixNano: String(start + BigInt(fromMs) * MS),
    endTimeUnixNano: String(start + BigInt(toMs) * MS),
    ...more,
  });
  const failed = (message) => ({ status: { code: 2, message } });
  const queries = Array.from({ length: 8 }, (_, i) =>
    span(hex(8), ids.root, 'SELECT products', 3, 10 + 10 * i, 18 + 10 * i, {
      attributes: [
        text('db.system.name', 'sqlite'),
        text('db.query.text', 'SELECT * FROM products WHERE id = ?'),
      ],
    }),
  );
  const exception = {
    timeUnixNano: String(start + 380n * MS),
    name: 'exception',
    attributes: [
      text('exception.type', 'CardDeclined'),
      text('exception.message', 'the issuer declined the card'),
    ],
  };
  const services = {
    web: [span(ids.root, '', 'POST /checkout', 2, 0, 400, failed('checkout failed')), ...queries],
    pay: [
      span(ids.pay, ids.root, 'charge', 2, 100, 390, failed('')),
      span(ids.card, ids.pay, 'authorize card', 3, 120, 380, {
        ...failed('declined'),
        events: [exception],
        attributes: [text('server.address', 'card-issuer'), text('error.type', 'CardDeclined')],
      }),
    ],
  };
  const info = await (await page.context().request.get(`${harness.url}/api/v1/info`)).json();
  const address = info.ingest.find(({ protocol }) => protocol === 'otlp-http').address;
  const answer = await fetch(`${address.includes('://') ? address : `http://${address}`}/v1/traces`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(harness.token && { authorization: `Bearer ${harness.token}` }),
    },
    body: JSON.stringify({
      resourceSpans: Object.entries(services).map(([name, spans]) => ({
        resource: { attributes: [text('service.name', `${name}-${run}`)] },
        scopeSpans: [{ spans }],
      })),
    }),
  });
  assert(answer.ok, `sending it was answered ${answer.status}`);
  const spans = Object.values(services).flat().length;
  return { traceId, failed: ids.card, spans };
}
