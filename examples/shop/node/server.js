'use strict';

const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { trace, SpanStatusCode } = require('@opentelemetry/api');
const { shutdown, counts, report } = require('./tracing.js');

const settings = JSON.parse(process.env.SHOP_SERVICE);
const tracer = trace.getTracer(settings.name);
const listenerFD = 3; // opened by the supervisor
const token = settings.function && process.env.SHOP_TOKEN; // the function gateway wants to see it
const drainMs = 3000; // as drainTime of the Go services

const server = http.createServer((req, res) => {
  const answer = (status, body) => {
    res.writeHead(status, { 'Content-Type': 'application/json' });
    res.end(body === undefined ? undefined : JSON.stringify(body));
  };
  const fail = (status) => (err) => answer(status, { error: err.message });
  const user = req.url.match(/^\/recommendations\/([^/?]+)$/);
  if (req.url === '/healthz') answer(200);
  else if (req.url === '/faults' && req.method === 'GET') answer(200, faults());
  else if (user && req.method === 'GET') {
    // node:http knows no routes; its instrumentation is told.
    const route = '/recommendations/{user}';
    trace.getActiveSpan()?.updateName(`GET ${route}`).setAttribute('http.route', route);
    recommend(decodeURIComponent(user[1])).then((body) => answer(200, body), fail(502));
  } else answer(404, { error: `no route ${req.method} ${req.url}` });
});

// What was switched on is in a file that all services share, see faults.go.
function faults() {
  try {
    return JSON.parse(fs.readFileSync(path.join(settings.data_dir, 'faults.json'), 'utf8'));
  } catch {
    return settings.faults;
  }
}

function recommend(user) {
  return tracer.startActiveSpan('rank products', async (span) => {
    try {
      span.setAttribute('user.id', user);
      const slow = faults().recommend_slow_ms;
      if (slow > 0) await new Promise((r) => setTimeout(r, slow));
      const products = JSON.parse(await get(`${settings.peers['shop-catalog']}/products?limit=12`));
      const ranked = products.sort((a, b) => b.stars - a.stars || a.id - b.id).slice(0, 3);
      span.addEvent('ranked', { candidates: products.length, chosen: ranked.map((p) => p.name) });
      return ranked;
    } catch (err) {
      span.recordException(err);
      span.setStatus({ code: SpanStatusCode.ERROR, message: err.message });
      throw err;
    } finally {
      span.end();
    }
  });
}

function get(url) {
  return new Promise((resolve, reject) => {
    const req = http.get(url, { timeout: 10_000, headers: token ? { 'X-Weft-Token': token } : {} }, (res) => {
      read(res).then((body) => (res.statusCode < 400 ? resolve(body) : reject(new Error(`${url}: ${res.statusCode} ${body}`))), reject);
    });
    req.on('timeout', () => req.destroy(new Error(`${url}: no answer within 10 s`)));
    req.on('error', reject);
  });
}

async function read(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

let ending = false;
async function end() {
  if (ending) return;
  ending = true;
  const closed = new Promise((r) => server.close(r));
  server.closeIdleConnections();
  await closed;
  let code = 0;
  try {
    // Nobody may be there to take the last spans; only --once promises that somebody did.
    const late = new Promise((_, reject) => setTimeout(() => reject(new Error('the last spans were not taken')), drainMs).unref());
    await Promise.race([shutdown(), late]).catch((err) => { if (report) throw err; });
    if (report) fs.writeFileSync(path.join(settings.data_dir, `spans-${settings.name}.json`), JSON.stringify(counts), { mode: 0o600 });
  } catch (err) {
    console.error(`${settings.name}: ${err.message}`);
    code = 1;
  }
  process.exit(code);
}
process.on('SIGTERM', end);
process.on('SIGINT', end);

// Where the kernel does not end us with the supervisor, we notice that it has gone.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && end(), 1000).unref();

server.listen(settings.function ? { port: Number(process.env.PORT), host: '127.0.0.1' } : { fd: listenerFD });
