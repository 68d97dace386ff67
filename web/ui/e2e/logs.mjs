import { assert, until } from './harness.mjs';

const table = (page) => page.getByRole('table', { name: 'Log records, newest first' });
const count = async (page) => Number(await table(page).getAttribute('aria-rowcount')) - 1;
const row = (page, index) => page.locator(`[data-row="${index}"]`);

/** Records are found, unfolded and followed, and lead to their spans. */
export async function logs(harness, page) {
  await harness.check('the records of the shop are listed, newest first', async () => {
    await page.goto(`${harness.url}/logs?from=now-15m`);
    await row(page, 0).waitFor();
    assert((await count(page)) > 1, `${await count(page)} records`);
    const times = await page.locator('[data-row]').allTextContents();
    assert([...times].sort().reverse().join() === times.join(), `times ${times.slice(0, 5)}`);
  });
  await harness.check('a text is searched for and stands in the address', async () => {
    await page.keyboard.press('/');
    await page.keyboard.type('order placed');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('text') === 'order placed');
    await until('only such records', async () => {
      const bodies = await table(page).locator('[aria-rowindex="2"]').allTextContents();
      return bodies.length > 0 && bodies.every((text) => text.includes('order placed'));
    });
  });
  await harness.check('a record unfolds by key, and the address unfolds it again', async () => {
    // A young shop may have sold little.
    await until('a second record', async () => {
      if ((await count(page)) > 1) return true;
      await page.getByRole('button', { name: 'Refresh' }).click();
      return false;
    });
    await row(page, 0).focus();
    await page.keyboard.press('ArrowDown');
    await until('the next row', async () =>
      page.evaluate(() => document.activeElement?.getAttribute('data-row') === '1'),
    );
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.has('open'));
    await page.getByText('service.name', { exact: true }).waitFor();
    await page.reload();
    await page.getByText('service.name', { exact: true }).waitFor();
  });
  await harness.check('a record leads to its span', async () => {
    await page.getByRole('link', { name: 'Open the span', exact: true }).first().click();
    await page.waitForURL((url) => url.pathname.includes('/trace/') && url.searchParams.has('s'));
    await page.goBack();
    await row(page, 0).waitFor();
  });
  await tail(harness, page);
  await flood(harness, page);
}

async function tail(harness, page) {
  await harness.check('live, later records come on top', async () => {
    await page.goto(`${harness.url}/logs?from=now-15m&live=true`);
    await row(page, 0).waitFor();
    const before = await count(page);
    await until('more records', async () => (await count(page)) > before);
  });
  await harness.check('scrolled away from the top, they wait', async () => {
    const list = page.getByRole('region', { name: 'Log records, newest first' });
    await list.evaluate((element) => element.scrollTo({ top: 900 }));
    const waiting = page.getByRole('button', { name: /new records?$/ });
    await waiting.waitFor();
    const before = await count(page);
    await waiting.click();
    await until('them', async () => (await count(page)) > before);
    await until('the top', async () => (await list.evaluate((element) => element.scrollTop)) < 8);
  });
}

/** Ten answers of a thousand records each: the page holds 5,000 of them, and its elements are no more than before. */
async function flood(harness, page) {
  await harness.check('a flood of records does not grow the page', async () => {
    let made = 0;
    await page.route('**/api/v1/logs?**', async (route) => {
      const response = await route.fetch();
      const { logs } = await response.json();
      const like = logs[0];
      if (!like) return route.fulfill({ json: { logs: [] } });
      const now = BigInt(Date.now()) * 1_000_000n;
      const many = Array.from({ length: 1000 }, (_, i) => ({
        ...like,
        timeNs: String(now - BigInt(i)),
        body: { type: 'string', value: `flood ${made++}` },
      }));
      return route.fulfill({ json: { logs: many } });
    });
    await page.goto(`${harness.url}/logs?from=now-15m&live=true`);
    await row(page, 0).waitFor();
    await until('a full page', async () => (await count(page)) === 5000);
    await page.getByText('flood').first().waitFor();
    const elements = await page.evaluate(() => document.querySelectorAll('*').length);
    assert(elements < 2500, `${elements} elements`);
    await page.unroute('**/api/v1/logs?**');
  });
}
