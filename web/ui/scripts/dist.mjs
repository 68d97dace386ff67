// dist.mjs clean: empties dist/ but for the committed placeholder.
// dist.mjs finish: writes .br and .gz beside every file, bundle.json with the sizes, and fails above the size budget.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const DIST = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist');
const KIB = 1024;

// gzip bytes. The shell is what index.html loads before any page: the entry and all it imports statically.
const BUDGET = { shell: 300 * KIB, route: 200 * KIB, css: 45 * KIB };

// The server writes the base address into the page, so a packed form of it would never be sent.
const NOT_SERVED_AS_IS = new Set(['index.html', 'placeholder.html']);

const files = () =>
  readdirSync(DIST, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(DIST, join(entry.parentPath ?? entry.path, entry.name)));

function clean() {
  for (const name of readdirSync(DIST)) {
    if (name !== 'placeholder.html') rmSync(join(DIST, name), { recursive: true });
  }
}

function finish() {
  const manifest = JSON.parse(readFileSync(join(DIST, 'manifest.json'), 'utf8'));
  rmSync(join(DIST, 'manifest.json'));
  const sizes = files()
    .filter((name) => !NOT_SERVED_AS_IS.has(name))
    .sort()
    .map((name) => {
      const data = readFileSync(join(DIST, name));
      const gz = gzipSync(data, { level: 9 });
      const br = brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: data.length } });
      writeFileSync(join(DIST, `${name}.gz`), gz);
      writeFileSync(join(DIST, `${name}.br`), br);
      return { file: name, raw: data.length, gz: gz.length, br: br.length };
    });
  const gzOf = new Map(sizes.map((size) => [size.file, size.gz]));
  const total = (names) => names.reduce((sum, name) => sum + (gzOf.get(name) ?? 0), 0);

  const shell = new Set();
  const addStatic = (key, into) => {
    const chunk = manifest[key];
    if (!chunk || into.has(chunk.file)) return;
    into.add(chunk.file);
    for (const imported of chunk.imports ?? []) addStatic(imported, into);
  };
  for (const [key, chunk] of Object.entries(manifest)) if (chunk.isEntry) addStatic(key, shell);
  const routes = Object.entries(manifest)
    .filter(([, chunk]) => chunk.isDynamicEntry)
    .map(([key, chunk]) => {
      const own = new Set();
      addStatic(key, own);
      return { route: chunk.name, gz: total([...own].filter((file) => !shell.has(file))) };
    });
  const css = total(sizes.map((size) => size.file).filter((name) => name.endsWith('.css')));
  const report = { shell: total([...shell]), css, routes, budget: BUDGET, files: sizes };
  writeFileSync(join(DIST, 'bundle.json'), `${JSON.stringify(report, null, 2)}\n`);

  const kib = (bytes) => `${(bytes / KIB).toFixed(1)} KiB gzip`;
  console.log(`shell ${kib(report.shell)} of ${kib(BUDGET.shell)}, css ${kib(css)} of ${kib(BUDGET.css)}`);
  for (const { route, gz } of routes) console.log(`route ${route} ${kib(gz)} of ${kib(BUDGET.route)}`);
  const over = [
    ...(report.shell > BUDGET.shell ? ['shell'] : []),
    ...(css > BUDGET.css ? ['css'] : []),
    ...routes.filter(({ gz }) => gz > BUDGET.route).map(({ route }) => route),
  ];
  if (over.length > 0) {
    console.error(`over the size budget: ${over.join(', ')}`);
    process.exit(1);
  }
}

const [, , command] = process.argv;
if (command === 'clean') clean();
else if (command === 'finish') finish();
else {
  console.error('usage: dist.mjs clean|finish');
  process.exit(2);
}
