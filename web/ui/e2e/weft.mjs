import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
// A cold page cache reads 600 MB of engine.
const START_MS = 90_000;
const PORTS = [
  'WEFT_OTLP_GRPC',
  'WEFT_OTLP_HTTP',
  'WEFT_JAEGER_GRPC',
  'WEFT_JAEGER_HTTP',
  'WEFT_JAEGER_COMPACT',
  'WEFT_JAEGER_BINARY',
  'WEFT_SAMPLING',
  'WEFT_ZIPKIN',
  'WEFT_FAAS',
];

/**
 * Starts the weft at WEFT_BIN, else bin/weft of the project, with a data folder and ports of its own. After kill() it can be
 * started again, with the same of both; stop() takes the folder away.
 */
export async function startWeft({ demo = false, args = [] } = {}) {
  const data = mkdtempSync(join(tmpdir(), 'weft-'));
  const [http, ...others] = await freeAddresses(PORTS.length + 1);
  const addresses = Object.fromEntries(PORTS.map((name, i) => [name, others[i]]));
  let child;
  const start = async () => {
    child = spawn(
      process.env.WEFT_BIN ?? join(ROOT, 'bin', 'weft'),
      ['up', '--data', data, '--http', http, ...(demo ? ['--demo'] : []), ...args],
      {
        cwd: ROOT,
        env: { ...process.env, WEFT_LOG_LEVEL: 'warn', ...addresses },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    await readiness(child);
  };
  const end = async (signal) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  };
  await start();
  return {
    url: `http://${http}`,
    otlp: `http://${addresses.WEFT_OTLP_HTTP}`,
    start,
    kill: () => end('SIGKILL'),
    stop: async () => {
      await end('SIGTERM');
      rmSync(data, { recursive: true, force: true });
    },
    /** Changes what goes wrong in the demo shop, once its gateway answers. */
    faults: async (body) => {
      for (;;) {
        const answer = await fetch(`http://${addresses.WEFT_FAAS}/http/shop-frontend/faults`, {
          method: 'POST',
          body: JSON.stringify(body),
        }).catch(() => undefined);
        if (answer?.ok) return;
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    },
  };
}

/** Addresses on which nothing listens, all different. */
async function freeAddresses(count) {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise((resolve) => {
          const server = createServer().listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const addresses = servers.map((server) => `127.0.0.1:${server.address().port}`);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return addresses;
}

function readiness(child) {
  let said = '';
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`weft is not ready: ${said.slice(-2000)}`)), START_MS);
    const hear = (line) => {
      said += `${line}\n`;
      if (!line.includes('weft is ready')) return;
      clearTimeout(late);
      resolve();
    };
    createInterface({ input: child.stdout }).on('line', hear);
    createInterface({ input: child.stderr }).on('line', hear);
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(late);
      reject(new Error(`weft ended with ${code}: ${said.slice(-2000)}`));
    });
  });
}
