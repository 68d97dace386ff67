import { randomBytes } from 'node:crypto';
import { assert } from './harness.mjs';

/** A server without data says where to send some, and shows the first trace by itself. */
export async function firstRun(harness) {
  const tab = await harness.open();
  const { page } = tab;
  await harness.check('a server without traces says how to send some', async () => {
    await page.goto(`${harness.url}/`);
    if (harness.token !== '') {
      await page.getByLabel('Access token', { exact: true }).fill(harness.token);
      await page.getByRole('button', { name: 'Sign in' }).click();
    }
    await page.getByRole('heading', { name: 'No traces yet' }).waitFor();
    await page.getByText('otlp-http', { exact: true }).waitFor();
  });
  await harness.checkAccessible('first run', page);
  const traceId = randomBytes(16).toString('hex');
  await harness.check('the first span turns the page into its trace', async () => {
    const info = await page.evaluate(async () => (await fetch('api/v1/info')).json());
    const address = info.ingest.find((i) => i.protocol === 'otlp-http')?.address;
    assert(address, 'no otlp-http address');
    await sendSpan(address, traceId, harness.token);
    await page.waitForURL(`**/trace/${traceId}`);
    await page.getByRole('row', { name: /first span/ }).waitFor();
  });
  await harness.checkQuiet('first run', tab);
  await tab.context.close();
}

async function sendSpan(address, traceId, token) {
  const now = BigInt(Date.now()) * 1_000_000n;
  const span = {
    traceId,
    spanId: randomBytes(8).toString('hex'),
    name: 'first span',
    kind: 2,
    startTimeUnixNano: String(now),
    endTimeUnixNano: String(now + 250_000_000n),
  };
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: 'hello' } }] };
  const url = address.includes('://') ? address : `http://${address}`;
  const response = await fetch(`${url}/v1/traces`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== '' && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] }),
  });
  assert(response.ok, `sending a span was answered ${response.status}: ${await response.text()}`);
}
