const NAMESPACES = [
  'shop',
  'pay',
  'search',
  'media',
  'risk',
  'crm',
  'geo',
  'mail',
  'bi',
  'auth',
  'stock',
  'ads',
];
const KINDS = [
  'service',
  'service',
  'service',
  'function',
  'service',
  'database',
  'queue',
  'cache',
  'external',
];
const MINUTE_NS = 60_000_000_000n;

/** Numbers in [0, 1) that are always the same ones. */
function numbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const healthOf = (calls, errors) =>
  errors >= 3 && errors >= calls * 0.05 ? 'bad' : errors >= calls * 0.01 && errors > 0 ? 'warn' : 'ok';

const TYPES = { database: 'database', cache: 'cache', queue: 'publish', external: 'external' };

/** A topology of count nodes and three times as many edges, as the API answers; the same one every time. */
export function topologyOf(count) {
  const random = numbers(count);
  const pick = (all) => all[Math.floor(random() * all.length)];
  const figures = (calls, errors) => ({
    calls,
    errors,
    errorRate: calls > 0 ? errors / calls : 0,
    p50Ns: 4e6,
    p95Ns: Math.round(2e7 + random() * 2e8),
    p99Ns: 4e8,
    coldStarts: 0,
    health: healthOf(calls, errors),
  });
  const nodes = [{ id: 'user', kind: 'user', name: '', ...figures(60_000, 30) }];
  const spaces = Math.min(NAMESPACES.length * 4, Math.ceil(count / 25));
  while (nodes.length < count) {
    const i = nodes.length;
    const kind = KINDS[i % KINDS.length];
    const space = i % spaces;
    const name = `${NAMESPACES[space % NAMESPACES.length]}${Math.floor(space / NAMESPACES.length) || ''}-${kind}-${i}`;
    const calls = Math.round(20 + random() * 20_000);
    // A few fail, in a few groups.
    const share = i % 97 === 5 ? 0.12 : i % 131 === 7 ? 0.02 : 0;
    nodes.push({
      id: `${kind === 'function' ? 'service' : kind}:${name}`,
      kind,
      name,
      ...(kind === 'database' && { system: 'postgresql' }),
      ...figures(calls, Math.round(calls * share)),
      space,
    });
  }
  const callers = nodes.filter(({ kind }) => kind === 'service' || kind === 'function');
  const inside = Array.from({ length: spaces }, (_, space) => nodes.filter((node) => node.space === space));
  const edges = new Map();
  const add = (source, target) => {
    if (source === target || target.kind === 'user') return;
    const type = source.kind === 'user' ? 'entry' : (TYPES[target.kind] ?? 'call');
    const calls = Math.round(5 + random() * 4000);
    const key = `${type}|${source.id}|${target.id}`;
    if (!edges.has(key))
      edges.set(key, {
        type,
        source: source.id,
        target: target.id,
        ...figures(calls, Math.round(calls * target.errorRate)),
        meanNs: 6e6,
        retries: 0,
        deadLetters: 0,
      });
  };
  for (const target of nodes.slice(1))
    add(pick(callers.filter(({ space }) => space === target.space)), target);
  for (let i = 0; i < 12; i++) add(nodes[0], callers[i]);
  while (edges.size < count * 3) {
    const source = pick(callers);
    add(source, random() < 0.85 ? pick(inside[source.space]) : pick(nodes));
  }
  const toNs = (BigInt(Date.now()) / 60_000n) * MINUTE_NS;
  return {
    fromNs: String(toNs - 60n * MINUTE_NS),
    toNs: String(toNs),
    source: 'edges',
    nodes: nodes.map(({ space: _, ...node }) => node),
    edges: [...edges.values()],
    truncated: false,
  };
}

/** The same topology by time step: the calls of each edge spread over the hour, and all its errors in the second half. */
export function matrixOf(topology, steps = 60) {
  const spread = ({ calls, errors }) => ({
    calls: Array.from({ length: steps }, (_, i) => Math.floor(calls / steps) + (i % 3)),
    errors: Array.from({ length: steps }, (_, i) => (i < steps / 2 ? 0 : Math.floor((2 * errors) / steps))),
  });
  return {
    fromNs: topology.fromNs,
    stepNs: Number((BigInt(topology.toNs) - BigInt(topology.fromNs)) / BigInt(steps)),
    steps,
    nodes: topology.nodes.map((node) => ({ id: node.id, kind: node.kind, name: node.name, ...spread(node) })),
    edges: topology.edges.map((edge) => ({
      type: edge.type,
      source: edge.source,
      target: edge.target,
      ...spread(edge),
    })),
    truncated: false,
  };
}

/** Answers the page's questions for the map with a topology of its own. */
export async function serveTopology(page, topology) {
  const matrix = JSON.stringify(matrixOf(topology));
  const whole = JSON.stringify(topology);
  const json = (body) => (route) => route.fulfill({ contentType: 'application/json', body });
  await page.route(/\/api\/v1\/topology\?/, json(whole));
  await page.route(/\/api\/v1\/topology\/matrix\?/, json(matrix));
}
