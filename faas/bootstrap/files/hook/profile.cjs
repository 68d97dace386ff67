'use strict';
// Samples the CPU into a ring of the last seconds, and has a worker thread answer the platform: it gets at the main thread
// through the inspector even while that runs a loop. It gets no answer while the main thread sits in a system call, such as
// execFileSync; the platform waits for a bounded time.
const inspector = require('inspector');
const { Worker } = require('worker_threads');

const interval = 10e3; // µs
const slice = 10e3; // ms
const kept = 3; // slices, besides the one under way

module.exports = function (fd) {
  const session = new inspector.Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval });
  session.post('Profiler.start');
  const ring = [];
  const turn = () => {
    session.post('Profiler.stop', (err, r) => {
      if (!err) ring.push(r.profile);
      if (ring.length > kept) ring.shift();
    });
    session.post('Profiler.start');
  };
  setInterval(turn, slice).unref();

  const ask = (what, from, to) => {
    if (what === 'L') return stack();
    turn();
    return fold(ring, from / 1e3, to / 1e3);
  };
  Object.defineProperty(globalThis, Symbol.for('weft.profile'), { value: ask });

  const worker = new Worker(answer, {
    eval: true, env: {}, execArgv: [], stdout: true, stderr: true, workerData: fd,
    resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 8 },
  });
  worker.on('error', () => {});
  worker.unref();
};

// fold counts the samples of [from, to], in µs, by stack: "count frame frame …", outermost first.
function fold(profiles, from, to) {
  const counts = new Map();
  for (const p of profiles) {
    const nodes = new Map(p.nodes.map((n) => [n.id, n]));
    for (const n of p.nodes) for (const c of n.children || []) nodes.get(c).parent = n;
    let t = p.startTime;
    for (let i = 0; i < p.samples.length; i++) {
      t += p.timeDeltas[i];
      if (t < from || t > to) continue;
      let n = nodes.get(p.samples[i]);
      const name = n.callFrame.functionName;
      if (name === '(idle)' || name === '(program)' || name === '(root)') continue;
      const frames = [];
      for (; n && n.parent; n = n.parent) {
        const c = n.callFrame;
        frames.push(frame(c.functionName, c.url, c.lineNumber + 1));
      }
      const key = frames.reverse().join('\x1f');
      counts.set(key, (counts.get(key) || 0) + 1);
    }
  }
  return [...counts].map(([key, n]) => `${n} ${key}`);
}

function frame(name, url, line) {
  const file = String(url || '').replace(/^file:\/\//, '');
  return [name || '(anonymous)', file, line || 0].map((s) => String(s).replace(/[\n\x1e\x1f]/g, '?')).join('\x1e');
}

// stack is what the main thread is at. It runs within whatever that does.
function stack() {
  const { prepareStackTrace, stackTraceLimit } = Error;
  try {
    Error.stackTraceLimit = 64;
    Error.prepareStackTrace = (_, sites) => sites;
    const frames = new Error().stack
      .filter((s) => s.getFileName() && s.getFileName() !== __filename)
      .map((s) => frame(s.getFunctionName(), s.getFileName(), s.getLineNumber()));
    return frames.length ? [`1 ${frames.reverse().join('\x1f')}`] : [];
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

// The session is closed after each answer: with one open, Node would say so on stderr when it exits.
const answer = `
const { Session } = require('inspector');
const { workerData } = require('worker_threads');
const socket = new (require('net').Socket)({ fd: workerData, readable: true, writable: true });
socket.on('error', () => socket.destroy());
let rest = '';
socket.on('data', (data) => {
  const lines = (rest + data).split('\\n');
  rest = lines.pop();
  for (const line of lines) {
    const [id, what, from, to] = line.split(' ');
    const session = new Session();
    session.connectToMainThread();
    const expression = 'globalThis[Symbol.for("weft.profile")](' + JSON.stringify(what) + ',' + Number(from) + ',' + Number(to) + ')';
    session.post('Runtime.evaluate', { expression, returnByValue: true, silent: true }, (err, r) => {
      session.disconnect();
      const answer = (!err && r.result && r.result.value) || [];
      socket.write(['R ' + id + ' ' + answer.length, ...answer, ''].join('\\n'));
    });
  }
});
`;
