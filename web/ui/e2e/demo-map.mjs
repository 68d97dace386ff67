import { assert, until } from './harness.mjs';

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
}
