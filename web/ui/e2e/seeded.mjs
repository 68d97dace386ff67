import { readFileSync } from 'node:fs';
import { addGauge } from './gauge.mjs';
import { assert, PATIENCE_MS } from './harness.mjs';
import { graphs } from './seeded-maps.mjs';
import { odd } from './seeded-odd.mjs';
import { extremes, sizes } from './seeded-sizes.mjs';

/** Traces and maps of every size and shape that go run ./bench seed sends; WEFT_SEED names the file that it wrote with -json. */
export async function seeded(harness) {
  const file = process.env.WEFT_SEED;
  assert(file, 'WEFT_SEED names no file: go run ./bench seed -json > FILE');
  const facts = JSON.parse(readFileSync(file, 'utf8'));
  const tab = await harness.open();
  await addGauge(tab.page);
  await sizes(harness, tab.page, facts);
  await extremes(harness, tab.page, facts);
  await odd(harness, tab.page, facts);
  await graphs(harness, tab.page, facts);
  await harness.checkQuiet('all of them', tab);
  await tab.context.close();
  await tabs(harness, facts);
}

/** HTTP/1.1 has six connections to a server, and a page that holds one for long leaves the others without. */
async function tabs(harness, { traces }) {
  await harness.check('eight tabs load at once', async () => {
    const tab = await harness.open();
    const wanted = [
      ['/?live=true', '/api/v1/topology'],
      ['/logs?live=true', '/api/v1/logs'],
      ['/map?live=true', '/api/v1/topology'],
      ['/traces?live=true', '/api/v1/traces'],
      ['/functions?live=true', '/api/v1/functions'],
      ['/?live=true&from=now-15m', '/api/v1/topology'],
      [`/trace/${traces['1k'].id}`, `/api/v1/traces/${traces['1k'].id}`],
      ['/map?live=true&from=now-15m', '/api/v1/topology'],
    ];
    const pages = [tab.page];
    while (pages.length < wanted.length) pages.push(await tab.context.newPage());
    const answered = pages.map((page, i) =>
      page.waitForResponse((response) => new URL(response.url()).pathname === wanted[i][1] && response.ok(), {
        timeout: PATIENCE_MS,
      }),
    );
    await Promise.all(pages.map((page, i) => page.goto(harness.url + wanted[i][0])));
    await Promise.all(answered);
    assert(tab.complaints.length === 0, tab.complaints.join('; '));
    await tab.context.close();
  });
}
