// Runs vitest and ends with the plain line "N passed, N failed", which a reader of logs can count on.
import { startVitest } from 'vitest/node';

const args = process.argv.slice(2);
const update = args.includes('-u');
const vitest = await startVitest(
  'test',
  args.filter((arg) => !arg.startsWith('-')),
  { run: true, watch: false, update },
);
const states = vitest.state
  .getTestModules()
  .flatMap((file) => [...file.children.allTests()].map((test) => test.result().state));
const broken = vitest.state
  .getTestModules()
  .filter((file) => file.state() === 'failed' && file.errors().length > 0).length;
const unhandled = vitest.state.getUnhandledErrors().length;
const passed = states.filter((state) => state === 'passed').length;
const failed = states.length - passed + broken + unhandled;
await vitest.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
