// Drives a Chromium against a running weft: WEFT_URL=http://127.0.0.1:16686 npm run e2e [-- SUITE ...]
//
//   demo       (default) all pages, languages, themes; wants the demo shop's traces
//   story      from the overview to the cause of a fault by keyboard alone; wants the demo shop, its gateway in WEFT_FAAS
//   access     axe-core on every route, tab and state, and whether they fit little room; wants the demo shop's traces
//   robust     deep links, failures, eight tabs, a path, a server that goes away; wants the demo shop's traces
//   tree       what a screen reader has of the trace page; WEFT_UPDATE_GOLDEN=1 writes golden/ anew; wants OTLP/HTTP
//   sign-in    wants a server that asks for tokens, and in WEFT_TOKEN one of scope query or admin
//   seeded     traces and maps of every size and shape, with figures; wants a store that `go run ./bench seed -json > FILE` has
//              filled, and FILE in WEFT_SEED
//   first-run  wants a server without traces whose collector takes OTLP/HTTP; WEFT_TOKEN when it asks for tokens
//
// The last line is "N passed, N failed"; any failure makes the exit code 1.
import { access } from './access.mjs';
import { demo } from './demo.mjs';
import { firstRun } from './first-run.mjs';
import { Harness } from './harness.mjs';
import { robust } from './robust.mjs';
import { seeded } from './seeded.mjs';
import { signIn } from './sign-in.mjs';
import { story } from './story.mjs';
import { tree } from './tree.mjs';

const SUITES = {
  demo,
  story,
  access,
  robust,
  tree,
  'sign-in': signIn,
  'first-run': firstRun,
  seeded,
};

const url = process.env.WEFT_URL;
const names = process.argv.length > 2 ? process.argv.slice(2) : ['demo'];
const unknown = names.filter((name) => !(name in SUITES));
if (!url || unknown.length > 0) {
  console.error(`usage: WEFT_URL=http://host:port npm run e2e -- [${Object.keys(SUITES).join('|')} ...]`);
  process.exit(2);
}

const harness = await Harness.start(url.replace(/\/+$/, ''), process.env.WEFT_TOKEN ?? '');
for (const name of names) {
  console.log(name);
  try {
    await SUITES[name](harness);
  } catch (error) {
    // A suite goes on from one check to the next; what ends it early is a failure of its own.
    harness.fail(`${name} ended early`, error);
  }
}
await harness.stop();
console.log(`${harness.passed} passed, ${harness.failed} failed`);
process.exit(harness.failed > 0 || harness.passed === 0 ? 1 : 0);
