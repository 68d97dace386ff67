import { assert } from './harness.mjs';

/**
 * Runs in the page before its own code. It counts what is drawn on canvases, times frames, and keeps what stands on each canvas
 * since it was last cleared, as window.__uiTest.gauge; window.__uiTest also makes the pages hand out what they draw with.
 */
function install() {
  window.__uiTest ??= {};
  const gauge = {
    /** One entry a frame in which something ran: when, milliseconds of scripts in it, canvas operations. */
    frames: [],
    /** Tasks of over 50 ms: when and how long. */
    long: [],
    /** When the first row of a trace stood on the page, milliseconds after it was asked for. */
    firstRow: undefined,
    /** By canvas: rectangles and texts. */
    drawn: new WeakMap(),
  };
  window.__uiTest.gauge = gauge;
  let operations = 0;
  const kept = { fillRect: 'boxes', strokeRect: 'boxes', roundRect: 'boxes', fillText: 'texts' };
  const context = CanvasRenderingContext2D.prototype;
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(context))) {
    if (typeof value !== 'function' || name === 'constructor') continue;
    context[name] = function (...args) {
      operations++;
      if (name === 'clearRect') gauge.drawn.set(this.canvas, { boxes: [], texts: [] });
      const list = gauge.drawn.get(this.canvas)?.[kept[name]];
      if (list && kept[name] === 'texts') list.push(String(args[0]));
      else if (list)
        list.push({ x: args[0], y: args[1], w: args[2], h: args[3], style: String(this.fillStyle) });
      return value.apply(this, args);
    };
  }
  const request = window.requestAnimationFrame.bind(window);
  window.requestAnimationFrame = (run) =>
    request((at) => {
      const [began, before] = [performance.now(), operations];
      run(at);
      let frame = gauge.frames.at(-1);
      if (frame?.at !== at) {
        frame = { at, script: 0, operations: 0 };
        gauge.frames.push(frame);
      }
      frame.script += performance.now() - began;
      frame.operations += operations - before;
    });
  const look = () => {
    if (document.querySelector('[role=treegrid] [role=row]:not([hidden])'))
      gauge.firstRow = performance.now();
    else request(look);
  };
  request(look);
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) gauge.long.push({ at: startTime, ms: duration });
  }).observe({ entryTypes: ['longtask'] });
}

export const addGauge = (page) => page.addInitScript(install);

/** The smallest value that a share of all values do not exceed. */
export const quantile = (values, share) =>
  [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil(share * values.length) - 1)] ?? 0;

/**
 * Checks a figure and writes it down. target is what a laptop is to reach, ci what a machine of two idle cores is. What is counted
 * may not be more than ci, nor processor time; by the clock up to `slack` times as much passes, for the machine also runs what is
 * tested; and as much more as busy says that it is slower than usual.
 */
export async function gate(
  harness,
  name,
  figure,
  { unit = 'ms', target, ci, slack = unit === 'ms' ? 3 : 1, busy = 1, more },
) {
  const said = /ms/.test(unit) ? Math.round(figure) : Math.round(figure * 100) / 100;
  const bound = Math.round(ci * slack * busy);
  const aims = [
    target !== undefined && `target ${target}`,
    slack !== 1 && `on an idle machine ${ci}`,
    busy > 1.2 && `this one is ${busy.toFixed(1)} times slower`,
    `at most ${bound}`,
    more,
  ];
  await harness.check(`${name}: ${said} ${unit} (${aims.filter(Boolean).join(', ')})`, async () => {
    assert(Number.isFinite(figure), `no figure: ${figure}`);
    assert(figure <= bound, `${said} ${unit} is more than ${bound}`);
  });
}

/** Processor time that the page's main thread has had, milliseconds. Unlike time by the clock it hardly depends on what else runs. */
export async function processor(page) {
  let session = sessions.get(page);
  if (!session) {
    session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    sessions.set(page, session);
  }
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration').value * 1000;
}

const sessions = new WeakMap();

/** How many times longer something takes by the clock than it would if nothing else ran; 1 when nothing does. */
export async function slowdown(page) {
  const before = await processor(page);
  const clock = await page.evaluate(() => {
    const began = performance.now();
    while (performance.now() - began < 300);
    return performance.now() - began;
  });
  return Math.max(1, clock / Math.max(1, (await processor(page)) - before));
}

/** Checks the processor time of something that says how long it took by the clock. */
export async function gateProcessor(harness, page, name, aims, run) {
  const before = await processor(page);
  const clock = await run();
  const used = (await processor(page)) - before;
  await gate(harness, name, used, {
    ...aims,
    unit: 'ms of CPU',
    more: `by the clock ${Math.round(clock)} ms`,
  });
}

/** The longest task since a moment of the page's clock. */
export const longest = (page, since = 0) =>
  page.evaluate(
    (from) => Math.max(0, ...window.__uiTest.gauge.long.filter(({ at }) => at >= from).map(({ ms }) => ms)),
    since,
  );

/** Lets go of all that was drawn, waits until the page has drawn again, and returns once it has been idle for a moment. */
export const settled = (page) =>
  page.evaluate(
    () =>
      new Promise((done) =>
        requestAnimationFrame(() => requestIdleCallback(() => done(), { timeout: 5000 })),
      ),
  );

/** Milliseconds from a click on the one element of a selector until a frame in which the number of rows is another. */
export const timeRows = (page, selector) =>
  page.evaluate(async (css) => {
    const grid = document.querySelector('[role=treegrid]');
    const before = grid.getAttribute('aria-rowcount');
    const began = performance.now();
    document.querySelector(css).click();
    while (grid.getAttribute('aria-rowcount') === before) {
      if (performance.now() - began > 60_000) throw new Error(`there are ${before} rows as before`);
      await new Promise((next) => requestAnimationFrame(next));
    }
    return performance.now() - began;
  }, selector);

/** Bytes of the JavaScript heap that are in use. */
export async function heapBytes(page) {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize;
}
