'use strict';
// Loaded before the function's code (NODE_OPTIONS=--require). Times every module that is loaded, and tells the runtime over the
// descriptor WEFT_HOOK_FD. Whatever goes wrong here, the function does not notice.
(() => {
  const fd = Number(process.env.WEFT_HOOK_FD);
  delete process.env.WEFT_HOOK_FD; // for this process alone
  if (!Number.isInteger(fd) || fd < 3) return;
  const { performance } = require('perf_hooks');
  const begun = performance.now();
  const fs = require('fs');
  const Module = require('module');
  const path = require('path');

  let lines = [];
  let broken = false;
  const flush = () => {
    if (broken || lines.length === 0) return;
    const text = lines.join('');
    lines = [];
    try {
      fs.writeSync(fd, text);
    } catch {
      broken = true; // nobody listens: go on without
    }
  };
  const origin = performance.timeOrigin;
  // Milliseconds since the epoch, as nanoseconds in a text: they do not fit a number.
  const ns = (ms) => String(BigInt(Math.floor((origin + ms) * 1e3)) * 1000n);
  const record = (r) => {
    lines.push(JSON.stringify(r) + '\n');
    if (lines.length >= 64) flush();
  };

  const t = performance.nodeTiming;
  for (const [name, from, to] of [
    ['node start', t.nodeStart, t.v8Start],
    ['v8 start', t.v8Start, t.environment],
    ['node environment', t.environment, t.bootstrapComplete > 0 ? t.bootstrapComplete : begun],
    ['node preload', t.bootstrapComplete > 0 ? t.bootstrapComplete : begun, begun],
  ]) {
    if (to > from && from >= 0) record({ k: 'step', n: name, s: ns(from), e: ns(to), t: 'core' });
  }

  const own = __filename;
  let depth = 0;
  let compiling = []; // for each module being loaded, the time its compilation took
  const load = Module._load;
  Module._load = function (request, parent, isMain) {
    if (broken || Module.builtinModules.includes(request) || request.startsWith('node:')) return load.apply(this, arguments);
    let file;
    try {
      file = Module._resolveFilename(request, parent, isMain);
    } catch {
      return load.apply(this, arguments); // its error is the function's
    }
    if (Module._cache[file] || file === own) return load.apply(this, arguments);
    const start = performance.now();
    depth++;
    compiling.push(0);
    let failed = '';
    try {
      return load.apply(this, arguments);
    } catch (err) {
      failed = String((err && err.message) || err).slice(0, 200);
      throw err;
    } finally {
      const end = performance.now();
      depth--;
      record({ k: 'module', n: isMain ? path.basename(file) : request, f: file, s: ns(start), e: ns(end), c: Math.round(compiling.pop() * 1e6), x: failed });
      if (depth === 0) flush();
    }
  };
  // What a module's text costs before it runs: wrapSafe compiles it, and _compile runs what came of that.
  const vm = require('vm');
  const compileFunction = vm.compileFunction;
  if (typeof compileFunction === 'function') {
    vm.compileFunction = function () {
      const start = performance.now();
      try {
        return compileFunction.apply(this, arguments);
      } finally {
        if (compiling.length > 0) compiling[compiling.length - 1] += performance.now() - start;
      }
    };
  }

  // A server is up when it listens, a bootstrap when it asks for work: what comes before is start, and is told by then.
  const net = require('net');
  const emit = net.Server.prototype.emit;
  net.Server.prototype.emit = function (event) {
    if (event === 'listening') {
      record({ k: 'mark', n: 'listening', s: ns(performance.now()) });
      flush();
    }
    return emit.apply(this, arguments);
  };
  process.on('exit', flush);
  setImmediate(flush);
  record({ k: 'step', n: 'weft hook', s: ns(begun), e: ns(performance.now()), t: 'core' });
})();
