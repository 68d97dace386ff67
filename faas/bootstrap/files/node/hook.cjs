'use strict';
// Loaded before the function's code (NODE_OPTIONS=--require). Times every module that is loaded and samples the CPU, as WEFT_HOOK_PARTS
// says, and tells the runtime over the descriptor WEFT_HOOK_FD. Whatever goes wrong here, the function does not notice.
(() => {
  const fd = Number(process.env.WEFT_HOOK_FD);
  const parts = (process.env.WEFT_HOOK_PARTS || '').split(',');
  delete process.env.WEFT_HOOK_FD; // for this process alone
  delete process.env.WEFT_HOOK_PARTS;
  if (!Number.isInteger(fd) || fd < 3) return;
  const { performance } = require('perf_hooks');
  const begun = performance.now();
  const fs = require('fs');
  const Module = require('module');
  const path = require('path');

  let lines = [];
  let broken = false;
  let channel = null; // the descriptor, once questions are taken
  const flush = () => {
    if (broken || lines.length === 0) return;
    const text = lines.join('');
    lines = [];
    if (channel) {
      channel.write(text);
      return;
    }
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

  if (parts.includes('modules')) hookModules();
  // Starting V8's profiler takes 4 ms and more, which a cold start shall not pay: what it loads is told by the modules.
  if (parts.includes('profile')) setTimeout(sample, 100).unref();
  process.on('exit', flush);
  setImmediate(flush);
  record({ k: 'step', n: 'weft hook', s: ns(begun), e: ns(performance.now()), t: 'core' });

  function hookModules() {
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
  }

  // V8's own profiler, restarted every few seconds so that only the last of them are kept.
  function sample() {
    let post;
    try {
      const { Session } = require('inspector');
      const session = new Session();
      session.connect();
      // In process, it answers before post returns.
      post = (method, params) => {
        let failure, result;
        session.post(method, params, (err, res) => { failure = err; result = res; });
        if (failure) throw new Error(failure.message);
        return result;
      };
      post('Profiler.enable');
      post('Profiler.setSamplingInterval', { interval: 10000 });
      post('Profiler.start');
    } catch {
      return;
    }
    const kept = 6, seconds = 10;
    const past = []; // {profile, at}: at is the time of its start in ms
    let at = performance.now();
    const turn = () => {
      const { profile } = post('Profiler.stop');
      past.push({ profile, at });
      if (past.length > kept) past.shift();
      at = performance.now();
      post('Profiler.start');
    };
    const quiet = (f) => (...args) => { try { f(...args); } catch { /* the function does not notice */ } };
    setInterval(quiet(turn), seconds * 1000).unref();

    const answer = (id, from, to) => {
      const frames = [];
      const stacks = new Map();
      for (const { profile, at } of past) {
        const base = frames.length;
        const nodes = new Map();
        for (const node of profile.nodes) {
          nodes.set(node.id, { node, index: frames.length, parent: null });
          const { functionName, url, lineNumber } = node.callFrame;
          frames.push({ n: functionName || '(anonymous)', f: url.replace(/^file:\/\//, ''), l: lineNumber + 1 });
        }
        for (const { node } of nodes.values()) for (const child of node.children || []) nodes.get(child).parent = node.id;
        let when = 0;
        (profile.samples || []).forEach((sampled, i) => {
          const delta = profile.timeDeltas[i];
          when += delta;
          const time = origin + at + when / 1000;
          if (time < from || time > to || nodes.get(sampled).node.callFrame.functionName === '(idle)') return;
          const key = base + ':' + sampled;
          let stack = stacks.get(key);
          if (!stack) {
            stack = { n: 0, cpu: 0, f: [] };
            for (let e = nodes.get(sampled); e && e.parent !== null; e = nodes.get(e.parent)) stack.f.push(e.index);
            stacks.set(key, stack);
          }
          stack.n++;
          stack.cpu += Math.max(0, delta) * 1000;
        });
      }
      channel.write(JSON.stringify({ k: 'samples', id, frames, stacks: [...stacks.values()].filter((s) => s.f.length > 0) }) + '\n');
    };
    quiet(() => {
      const net = require('net');
      flush();
      channel = new net.Socket({ fd, readable: true, writable: true });
      channel.unref();
      channel.on('error', () => { broken = true; });
      let text = '';
      channel.on('data', quiet((data) => {
        const lines = (text + data).split('\n');
        text = lines.pop();
        for (const line of lines) {
          const [word, id, from, to] = line.split(' ');
          if (word === 'stack') {
            answer(Number(id), 1, 0); // when this runs, no code of the function does
          } else {
            turn();
            answer(Number(id), Number(from) / 1e6, Number(to) / 1e6);
          }
        }
      }));
    })();
  }
})();
