import { gate, longest, processor, settled, slowdown } from './gauge.mjs';
import { assert, PATIENCE_MS, until } from './harness.mjs';

const rangeOf = ({ fromNs, toNs }) => `from=${fromNs}&to=${toNs}`;

const placesOf = (page) =>
  page.evaluate(() => {
    const nodes = window.__uiTest.map?.nodes().toArray() ?? [];
    return Object.fromEntries(
      nodes.map((node) => [node.id(), `${node.position().x.toFixed(3)},${node.position().y.toFixed(3)}`]),
    );
  });

/** Opens a map; returns the answer of the API and how long it took to be drawn, milliseconds. */
async function openMap(harness, page, graph, query = '') {
  await page.goto(`${harness.url}/map?${rangeOf(graph)}${query}`, { waitUntil: 'commit' });
  const before = await processor(page);
  const took = await page.evaluate(async (patience) => {
    while (!(window.__uiTest.map?.nodes().length > 0)) {
      if (performance.now() > patience) return Number.NaN;
      await new Promise((next) => requestAnimationFrame(next));
    }
    return performance.now();
  }, PATIENCE_MS);
  await settled(page);
  const used = (await processor(page)) - before;
  const answer = await page.context().request.get(`${harness.url}/api/v1/topology?${rangeOf(graph)}`);
  return { took, used, topology: await answer.json() };
}

/** Maps of 50, 1,000 and 2,000 nodes. */
export async function graphs(harness, page, { graphs: all }) {
  await harness.check('the API has every node and edge of the maps', async () => {
    for (const [name, graph] of Object.entries(all)) {
      const answer = await page.context().request.get(`${harness.url}/api/v1/topology?${rangeOf(graph)}`);
      const { nodes, edges, truncated } = await answer.json();
      const got = `${nodes.length} nodes, ${edges.length} edges, truncated ${truncated}`;
      assert(
        got === `${graph.nodes} nodes, ${graph.edges} edges, truncated false`,
        `the map of ${name} has ${got}`,
      );
    }
  });
  await harness.check('50 nodes: all of them are drawn', async () => {
    const { topology } = await openMap(harness, page, all[50]);
    const places = await placesOf(page);
    const missing = topology.nodes.filter(({ id }) => places[id] === undefined);
    assert(missing.length === 0, `not drawn: ${missing.map(({ id }) => id).join(', ')}`);
  });
  await twin(harness, page, all[50], 50);
  await thousand(harness, page, all[1000]);
  await still(harness, page, all[1000]);
  await twin(harness, page, all[1000], 1000);
  for (const query of ['', '&group=none']) {
    const { took } = await openMap(harness, page, all[2000], query);
    const what = query === '' ? 'in groups' : 'one by one';
    await gate(harness, `2,000 nodes ${what}, drawn`, took, { ci: 12_000, busy: await slowdown(page) });
    await harness.check(`2,000 nodes ${what}: are there`, async () => {
      const count = Object.keys(await placesOf(page)).length;
      assert(query === '' ? count > 0 && count < 300 : count === all[2000].nodes, `${count} are drawn`);
    });
  }
}

/** The table of all nodes and edges has what the API has. */
async function twin(harness, page, graph, count) {
  await harness.check(`${count} nodes: the tables have what the API has`, async () => {
    const answer = await page.context().request.get(`${harness.url}/api/v1/topology?${rangeOf(graph)}`);
    const { nodes, edges } = await answer.json();
    await page.goto(`${harness.url}/map?${rangeOf(graph)}&group=none&table=true`);
    const rows = (name) => page.getByRole('table', { name }).locator('tbody tr');
    const cells = (name) =>
      rows(name).evaluateAll((all) =>
        all.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent.trim())),
      );
    await until('the edges', async () => (await rows('Edges of the map').count()) === edges.length);
    const names = new Map(nodes.map(({ id, name }) => [id, name]));
    const sorted = (texts) => [...texts].sort().join('\n');
    const [nodeRows, edgeRows] = [await cells('Nodes of the map'), await cells('Edges of the map')];
    assert(sorted(nodeRows.map(([name]) => name)) === sorted(names.values()), 'the nodes are others');
    assert(
      sorted(edgeRows.map(([source, target]) => `${source} > ${target}`)) ===
        sorted(edges.map(({ source, target }) => `${names.get(source)} > ${names.get(target)}`)),
      'the edges are others',
    );
    // Which of them fail is what one looks for.
    const failing = nodeRows
      .filter((row) => row.some((text) => /[1-9][\d.]*\s*%/.test(text)))
      .map(([name]) => name);
    assert(
      sorted(failing) === sorted(nodes.filter(({ errors }) => errors > 0).map(({ name }) => name)),
      `failing: ${failing.join(', ')}`,
    );
  });
}

async function thousand(harness, page, graph) {
  const { took, topology } = await openMap(harness, page, graph);
  await gate(harness, '1,000 nodes in groups, drawn', took, { ci: 6000, busy: await slowdown(page) });
  await harness.check('1,000 nodes: groups, and each node that fails by itself', async () => {
    const places = await placesOf(page);
    const count = Object.keys(places).length;
    assert(count < 300, `${count} nodes are drawn`);
    const missing = topology.nodes.filter(({ id, health }) => health !== 'ok' && places[id] === undefined);
    assert(missing.length === 0, `not drawn: ${missing.map(({ id }) => id).join(', ')}`);
    assert(
      topology.nodes.some(({ health }) => health !== 'ok'),
      'nothing fails',
    );
  });
  const alone = await openMap(harness, page, graph, '&group=none');
  await gate(harness, '1,000 nodes one by one, drawn', alone.took, {
    target: 1500,
    ci: 6000,
    busy: await slowdown(page),
  });
  await harness.check('1,000 nodes: none of them stands on another', async () => {
    const places = Object.values(await placesOf(page));
    assert(new Set(places).size === graph.nodes, `${new Set(places).size} places of ${graph.nodes} nodes`);
  });
  await gate(harness, '1,000 nodes one by one, main thread until drawn', alone.used, {
    unit: 'ms of CPU',
    ci: 2500,
    more: `longest task by the clock ${Math.round(await longest(page))} ms`,
  });
  const before = await processor(page);
  const frames = await page.evaluate(async () => {
    const frames = [];
    for (let i = 0; i < 60; i++) {
      window.__uiTest.map.panBy({ x: i % 2 === 0 ? 7 : -6, y: 3 });
      frames.push(await new Promise((next) => requestAnimationFrame(next)));
    }
    return frames;
  });
  const each = (frames.at(-1) - frames[0]) / (frames.length - 1);
  const used = ((await processor(page)) - before) / frames.length;
  await gate(harness, '1,000 nodes, a frame while moving the map', used, {
    unit: 'ms of CPU',
    target: 17,
    ci: 50,
    more: `by the clock ${Math.round(each)} ms`,
  });
}

/** New figures, and a new node, three times over. */
async function still(harness, page, graph) {
  await harness.check('1,000 nodes: three updates, with a new node each, move nothing', async () => {
    let update = 0;
    await page.route(/\/api\/v1\/topology\?/, async (route) => {
      const response = await route.fetch();
      const topology = await response.json();
      for (let i = 0; i < update; i++) {
        const like = topology.nodes.find(({ kind }) => kind === 'service');
        topology.nodes.push({ ...like, id: `service:new-${i}`, name: `new-${i}` });
        topology.edges.push({ ...topology.edges[0], source: `service:new-${i}`, target: like.id });
      }
      for (const one of [...topology.nodes, ...topology.edges]) one.calls += 17 * update;
      return route.fulfill({ json: topology });
    });
    await openMap(harness, page, graph, '&group=none');
    const before = await placesOf(page);
    while (update < 3) {
      update++;
      await page.getByRole('button', { name: 'Refresh' }).click();
      await until(
        `new node ${update}`,
        async () => (await placesOf(page))[`service:new-${update - 1}`] !== undefined,
      );
    }
    const after = await placesOf(page);
    const moved = Object.keys(before).filter((id) => after[id] !== before[id]);
    assert(moved.length === 0, `${moved.length} moved: ${moved.slice(0, 5).join(', ')}`);
    await page.unroute(/\/api\/v1\/topology\?/);
  });
}
