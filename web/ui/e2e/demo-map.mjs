import { assert, until } from './harness.mjs';
import { serveTopology, topologyOf } from './topologies.mjs';

const details = (page) => page.getByRole('complementary', { name: 'Details' });
const picture = (page) => page.getByRole('application', { name: 'Map of who calls whom' });

/** Where everything stands; the page gives its drawing to tests that ask for it. */
const placesOf = (page) =>
  page.evaluate(() =>
    Object.fromEntries(
      (window.__uiTest?.map?.nodes().toArray() ?? []).map((node) => {
        const { x, y } = node.position();
        return [node.id(), `${x},${y}`];
      }),
    ),
  );

const drawn = (page) =>
  until('the map', async () => {
    const places = await placesOf(page);
    return Object.keys(places).length > 0 && places;
  });

/** The map of the demo shop: drawn, read, replayed and left for its traces. */
export async function walkMap(harness, page) {
  await page.addInitScript(() => {
    window.__uiTest = {};
  });
  await harness.check('the map draws the nodes of the API', async () => {
    await page.goto(`${harness.url}/map`);
    const places = await drawn(page);
    const answer = await page.context().request.get(`${harness.url}/api/v1/topology?from=now-1h`);
    const missing = (await answer.json()).nodes.filter(({ id }) => places[id] === undefined);
    assert(missing.length === 0, `not drawn: ${missing.map(({ id }) => id).join(', ')}`);
  });
  await harness.check('asking again moves nothing', async () => {
    const before = await placesOf(page);
    for (let i = 0; i < 3; i++) {
      const answer = page.waitForResponse((response) => response.url().includes('/api/v1/topology?'));
      await page.getByRole('button', { name: 'Refresh' }).click();
      await answer;
    }
    const after = await placesOf(page);
    const moved = Object.keys(before).filter((id) => after[id] !== before[id]);
    assert(moved.length === 0, `moved: ${moved.join(', ')}`);
  });
  await harness.check('keys walk along edges, select, focus and go back', async () => {
    await picture(page).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.has('sel'));
    await page.keyboard.press('f');
    await page.waitForURL((url) => url.searchParams.has('focus'));
    await drawn(page);
    await page.keyboard.press('Shift+F');
    await page.waitForURL((url) => !url.searchParams.has('focus'));
  });
  await harness.check('a node leads to its traces', async () => {
    await page.goto(`${harness.url}/map?sel=service:shop-orders`);
    await details(page).getByRole('heading', { name: 'shop-orders' }).waitFor();
    const href = await details(page)
      .getByRole('link', { name: 'Traces in this time range' })
      .getAttribute('href');
    assert(href.includes('service=shop-orders'), `leads to ${href}`);
  });
  await harness.check('the table has as many nodes as the picture', async () => {
    await drawn(page);
    const count = Object.keys(await placesOf(page)).length;
    await picture(page).focus();
    await page.keyboard.press('t');
    const rows = page.getByRole('table', { name: 'Nodes of the map' }).locator('tbody tr');
    await until('its rows', async () => (await rows.count()) === count);
  });
  await harness.check('the timeline shows one step', async () => {
    const slider = page.getByRole('slider', { name: 'Time step' });
    await slider.focus();
    await page.keyboard.press('ArrowLeft');
    await page.waitForURL((url) => url.searchParams.has('at'));
    assert(/calls/.test(await slider.getAttribute('aria-valuetext')), 'the step is not described');
    await page.getByRole('button', { name: 'Whole time range' }).click();
    await page.waitForURL((url) => !url.searchParams.has('at'));
  });
  await harness.check('two ranges are compared in words', async () => {
    await page.goto(`${harness.url}/map?diff=before&table=true`);
    await page.getByRole('heading', { name: 'Changed since the time before' }).first().waitFor();
  });
  await harness.check('an edge between services leads to traces that pass through it', async () => {
    await page.goto(`${harness.url}/map?sel=call|service:shop-orders|service:shop-payment|`);
    const href = await details(page).locator('a[href*="/trace/"]').first().getAttribute('href');
    const id = /trace\/([0-9a-f]+)/.exec(href)[1];
    const answer = await page.context().request.get(`${harness.url}/api/v1/traces/${id}`);
    const text = await answer.text();
    assert(text.includes('shop-orders') && text.includes('shop-payment'), `trace ${id} does not`);
  });
  await harness.check('a node says how well it does, and why', async () => {
    await page.goto(`${harness.url}/map?sel=service:shop-orders`);
    await details(page)
      .getByText(/calls failed|No call failed/)
      .first()
      .waitFor();
  });
  await harness.check('two nodes have paths between them', async () => {
    await details(page).getByRole('button', { name: 'Paths to…' }).click();
    await page.getByText('choose the node where they end').waitFor();
    await page.goto(`${harness.url}/map?pathFrom=service:shop-frontend&pathTo=database:catalog.db`);
    await details(page).getByRole('listitem').filter({ hasText: 'shop-catalog' }).first().waitFor();
    await until('its edges', () => page.evaluate(() => window.__uiTest.map?.edges('.path').nonempty()));
  });
  await harness.check('an expression hides what it is true of', async () => {
    await page.goto(`${harness.url}/map`);
    await drawn(page);
    await page.getByRole('textbox', { name: 'Find or hide by expression' }).fill('kind=database');
    await page.getByRole('button', { name: 'Hide', exact: true }).click();
    await page.waitForURL((url) => url.searchParams.get('mask') === 'kind=database');
    await until('no database', async () => {
      const ids = Object.keys(await placesOf(page));
      return ids.length > 0 && !ids.some((id) => id.startsWith('database:'));
    });
  });
  await largeMap(harness, page);
}

/** A thousand nodes, which the demo shop does not have. */
async function largeMap(harness, page) {
  await serveTopology(page, topologyOf(1000));
  await harness.check('a thousand nodes are put into groups, and opening one moves nothing', async () => {
    await page.goto(`${harness.url}/map?sel=group:media`);
    const before = await drawn(page);
    assert(Object.keys(before).length < 300, `${Object.keys(before).length} are drawn`);
    await details(page).getByRole('button', { name: 'Open group media' }).click();
    const after = await until('its members', async () => {
      const places = await placesOf(page);
      return Object.keys(places).length > Object.keys(before).length + 20 && places;
    });
    const moved = Object.keys(before).filter((id) => after[id] !== undefined && after[id] !== before[id]);
    assert(moved.length === 0, `moved: ${moved.join(', ')}`);
  });
  await harness.check('labels of what is unhealthy do not overlap', async () => {
    await page.goto(`${harness.url}/map?group=none`);
    await until('all nodes', async () => Object.keys(await placesOf(page)).length === 1000);
    const overlaps = await until('its labels', () =>
      page.evaluate(() => {
        const nodes = window.__uiTest.map.nodes('.bad, .warn').not('.quiet').toArray();
        if (nodes.length === 0 || window.__uiTest.map.edges().empty()) return undefined;
        const boxes = nodes.map((one) =>
          one.renderedBoundingBox({ includeNodes: false, includeLabels: true }),
        );
        const pairs = [];
        // Their padding may touch.
        for (const [i, a] of boxes.entries())
          for (const [j, b] of boxes.entries())
            if (i < j && a.x1 + 4 < b.x2 && b.x1 + 4 < a.x2 && a.y1 + 4 < b.y2 && b.y1 + 4 < a.y2)
              pairs.push(`${nodes[i].id()} ${nodes[j].id()}`);
        return { pairs };
      }),
    );
    assert(overlaps.pairs.length === 0, overlaps.pairs.join(', '));
  });
  await page.unroute(/\/api\/v1\/topology\?/);
  await page.unroute(/\/api\/v1\/topology\/matrix\?/);
}
