'use strict';
// Loaded with NODE_OPTIONS=--require before the program: it times what the program requires and tells the platform through a
// socket of its own. Without that socket it does nothing; whatever goes wrong in here, it falls silent.
//
// Records are lines of fields between tabs. Times are nanoseconds of the monotonic clock.
//   pid H node start v8 environment complete from to   the interpreter's start, and when this file ran
//   pid B id parent time thread name file              a module begins to load; parent 0: none; thread in Node: 1 for import()
//   pid E id time compile error                        it has ended
//   pid X id parent from to thread name file compile   both at once, of those that hold no others
//   pid M time                                         the main module has been evaluated
//   pid D count                                        so many records could not be sent
const spec = process.env.WEFT_HOOK;
if (spec) {
  try {
    restore();
    start(spec.split(':'));
  } catch {
    // The program runs without it.
  }
}

// restore gives the environment back as the user made it, for the program and for its children.
function restore() {
  const env = process.env;
  delete env.WEFT_HOOK;
  const cut = (name, value) => {
    if (value) env[name] = value;
    else delete env[name];
  };
  const options = env.NODE_OPTIONS || '';
  const at = options.lastIndexOf('--require=');
  if (at >= 0) cut('NODE_OPTIONS', options.slice(0, at).trimEnd());
  if (env.PYTHONPATH !== undefined) {
    cut('PYTHONPATH', env.PYTHONPATH.split(':').filter((p) => p !== __dirname).join(':'));
  }
}

function start(fields) {
  const profileOnly = fields[fields.length - 1] === 'profile';
  const [records, inode, requests, requestsInode] = fields;
  const fs = require('fs');
  const Module = require('module');
  const fd = Number(records);
  const mine = (n, ino) => {
    const s = fs.fstatSync(n);
    return s.isSocket() && String(s.ino) === ino;
  };
  if (!mine(fd, inode)) return;
  const clock = () => {
    const t = process.hrtime();
    return t[0] * 1e9 + t[1];
  };
  const began = clock();
  const pid = process.pid;
  const least = 200e3; // ns: what takes less and holds no others is left to the one that asked for it
  const profileAfter = 200e6; // ns: starting the profiler and its worker costs about 8 ms, 4 of them V8's, which a short start does not pay
  let top = null; // the innermost module being loaded
  let ids = 0;
  let lost = 0;
  let buffer = '';
  let broken = false;

  const queued = []; // what the socket had no room for
  const send = () => {
    if (broken || buffer === '') return;
    if (queued.length < 64) queued.push(buffer);
    else lost++;
    buffer = '';
    try {
      while (queued.length) {
        // A write this short goes whole or not at all.
        if (fs.writeSync(fd, queued[0]) < queued[0].length) broken = true;
        queued.shift();
      }
      if (lost) {
        buffer = `${pid}\tD\t${lost}\n`;
        lost = 0;
      }
    } catch (e) {
      if (e.code !== 'EAGAIN') broken = true;
    }
  };
  // What runs here runs hundreds of times in a cold start, before anything is compiled: it is kept plain.
  const put = (text) => {
    buffer += `${pid}\t${text}\n`;
    if (buffer.length > 8192) send();
  };
  const odd = /[\t\n\r]/g;
  const plain = (s) => {
    const text = typeof s === 'string' ? s : String(s);
    return text.length < 1024 && text.search(odd) < 0 ? text : text.slice(0, 1024).replace(odd, '?');
  };

  const announce = (frame) => {
    if (frame.id) return;
    if (frame.parent) announce(frame.parent);
    frame.id = ++ids;
    put(`B\t${frame.id}\t${frame.parent ? frame.parent.id : 0}\t${frame.start}\t${frame.esm ? 1 : 0}\t${plain(frame.name)}\t${plain(frame.file)}`);
  };
  const enter = (name, file) => {
    if (failing.length) failed(); // it was caught, and the program goes on
    top = { id: 0, name, file, parent: top, start: clock(), compiled: 0, executed: 0, esm: false };
    return top;
  };
  // An error that is caught and thrown again is printed as if it came from here, so nothing is caught: what has failed waits, innermost
  // first, for somebody who knows why.
  const failing = [];
  const failed = (error) => {
    let why = '';
    let trace = '';
    let missing = false;
    try {
      why = error === undefined ? '' : plain(error instanceof Error ? `${error.name}: ${error.message}` : error);
      trace = error instanceof Error ? String(error.stack) : '';
      missing = error instanceof Error && error.code === 'MODULE_NOT_FOUND';
    } catch {
      // It does not let itself be read.
    }
    let its = false;
    for (const { frame, end } of failing.splice(0)) {
      // The first may have failed of another error, which was caught. Traces are short: what is further out may not be in it.
      its ||= why !== '' && (frame.file ? !trace || trace.includes(frame.file) : missing);
      announce(frame);
      put(`E\t${frame.id}\t${end}\t${compileTime(frame)}\t${its ? why : frame.file ? 'it threw an error' : 'it could not be loaded'}`);
    }
    send();
  };
  const compileTime = (frame) => (frame.executed ? frame.executed - frame.compiled : 0);
  const leave = (frame, loaded) => {
    const end = clock();
    if (top === frame) top = frame.parent;
    else for (let f = top; f; f = f.parent) if (f.parent === frame) f.parent = frame.parent; // an import that others outlived
    if (!loaded) {
      failing.push({ frame, end });
      if (!top) process.nextTick(failed);
      return;
    }
    if (failing.length) failed(); // this one has caught it
    const compile = compileTime(frame);
    if (frame.id) put(`E\t${frame.id}\t${end}\t${compile}\t`);
    else if (end - frame.start >= least) {
      if (frame.parent) announce(frame.parent);
      put(`X\t${++ids}\t${frame.parent ? frame.parent.id : 0}\t${frame.start}\t${end}\t0\t${plain(frame.name)}\t${plain(frame.file)}\t${compile}`);
    }
    if (!top) send();
  };

  const load = Module._load;
  let profiling = !requests || !mine(Number(requests), requestsInode);
  const profile = () => {
    if (profiling) return;
    profiling = true;
    const saved = top;
    top = null;
    try {
      Reflect.apply(load, Module, [`${__dirname}/profile.cjs`, module, false])(Number(requests));
    } catch {
      // Without an inspector there are no profiles.
    }
    top = saved;
  };
  if (!profiling) setTimeout(profile, profileAfter / 1e6).unref();
  if (profileOnly) return;

  let main = false;
  Module._load = function (request, parent, isMain) {
    if (isMain && !main) {
      main = true;
      hello();
    }
    const frame = enter(request, '');
    let loaded = false;
    try {
      const exports = Reflect.apply(load, this, arguments);
      loaded = true;
      return exports;
    } finally {
      leave(frame, loaded);
      if (isMain && loaded) {
        put(`M\t${clock()}`);
        send();
      }
    }
  };
  const compile = Module.prototype._compile;
  Module.prototype._compile = function (content, filename) {
    if (top && !top.file) {
      top.file = filename;
      // A module that never ends is known by its beginning. That is worth a system call for the user's own.
      if (!filename.includes('/node_modules/')) {
        announce(top);
        send();
      }
      top.compiled = clock();
      if (top.compiled - began > profileAfter) profile();
    }
    return Reflect.apply(compile, this, arguments);
  };
  // Between compiling a module and running it, Node reads Module._extensions to make its require function.
  let extensions = Module._extensions;
  Object.defineProperty(Module, '_extensions', {
    configurable: true,
    enumerable: true,
    get() {
      if (top && top.compiled && !top.executed) top.executed = clock();
      return extensions;
    },
    set(value) {
      extensions = value;
    },
  });

  let ended = 0;
  let greeted = false;
  const hello = () => {
    if (greeted) return;
    greeted = true;
    const { performance } = Reflect.apply(load, Module, ['perf_hooks', module, false]);
    const zero = clock() - performance.now() * 1e6;
    const t = performance.nodeTiming;
    const at = (ms) => (ms > 0 ? Math.round(zero + ms * 1e6) : 0);
    put(`H\tnode\t${at(t.nodeStart)}\t${at(t.v8Start)}\t${at(t.environment)}\t${at(t.bootstrapComplete)}\t${began}\t${ended}`);
    send();
  };
  process.nextTick(() => {
    hello();
    // A main module of the newer kind is not loaded by Module._load. Its step stays open until the program is ready.
    if (!main && process.argv[1]) {
      const frame = { id: 0, name: process.argv[1], file: process.argv[1], parent: null, start: ended, compiled: 0, executed: 0, esm: true };
      announce(frame);
      let last = top;
      while (last && last.parent) last = last.parent;
      if (last) last.parent = frame;
      else top = frame;
      send();
    }
  });
  // For our bootstrap, whose import() no hook of this Node sees. It outlives what it was called in, so it is within nothing.
  Object.defineProperty(globalThis, Symbol.for('weft.start'), {
    value: { enter: (name, file) => { const f = enter(name, file); f.esm = true; f.parent = null; announce(f); send(); return f; }, leave, failed },
  });
  process.on('uncaughtExceptionMonitor', failed);

  ended = clock();
}
