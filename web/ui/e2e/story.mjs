import { assert, PATIENCE_MS, until } from './harness.mjs';
import { assertFocus, focused, tabTo, type } from './keyboard.mjs';

const CAUSE = 'shop-payment';
// Payments that fail are what is wrong in the story; before and after it some fail as always.
const FAULT = { payment_errors: 0.7 };
const USUAL = { payment_errors: 0.02 };

const path = (page) => new URL(page.url()).pathname;
const param = (page, name) => new URL(page.url()).searchParams.get(name);

/**
 * The ten minutes from "something is wrong" to the cause, by keyboard alone. Wants the demo shop, and in WEFT_FAAS the
 * address of its function gateway, where the fault is switched on that the story looks for.
 */
export async function story(harness) {
  const gateway = process.env.WEFT_FAAS;
  assert(gateway, 'WEFT_FAAS is not set');
  await inject(harness, gateway, FAULT);
  try {
    await tell(harness);
  } finally {
    await inject(harness, gateway, USUAL);
  }
}

async function inject(harness, gateway, faults) {
  const answer = await fetch(`http://${gateway}/http/shop-frontend/faults`, {
    method: 'POST',
    body: JSON.stringify(faults),
    headers: harness.token ? { 'X-Weft-Token': harness.token } : {},
  });
  assert(answer.ok, `setting faults was answered ${answer.status}: ${await answer.text()}`);
}

async function tell(harness) {
  const tab = await harness.open();
  const { page } = tab;
  await overview(harness, page);
  await functionPage(harness, page);
  await map(harness, page);
  await traces(harness, page);
  await trace(harness, page);
  await comparison(harness, page);
  await dialogs(harness, page);
  await withoutShortcuts(harness, page);
  await harness.checkQuiet('the story', tab);
  await tab.context.close();
}

/** Each step begins where the one before has ended. */
async function step(harness, name, run) {
  const failed = harness.failed;
  await harness.check(name, run);
  assert(harness.failed === failed, 'the rest of the story was not told');
}

const activeRow = async (page) => {
  const id = await page.getByRole('treegrid').getAttribute('aria-activedescendant');
  return Number(await page.locator(`#${id}`).getAttribute('aria-rowindex'));
};

async function overview(harness, page) {
  await step(harness, 'the overview names what is unhealthy', async () => {
    await until(
      'the fault to show',
      async () => {
        await page.goto(`${harness.url}/?from=now-15m`);
        const sentence = page.locator('main [role=status][data-tone=bad]');
        await sentence.waitFor({ timeout: 5_000 });
        return (await sentence.textContent()).includes(CAUSE);
      },
      2 * PATIENCE_MS,
    );
  });
  await step(harness, 'the first Tab leads past the navigation', async () => {
    await page.keyboard.press('Tab');
    const skip = await focused(page);
    assert(skip.name === 'Skip to content' && skip.inView, `the first stop is ${skip.said}`);
    await page.keyboard.press('Enter');
    await until('the content', async () => (await focused(page)).role === 'main');
  });
  await step(harness, 'the help opens and closes by key, and the focus is back', async () => {
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await assertFocus(page, 'after the help');
  });
}

async function functionPage(harness, page) {
  await step(harness, 'the sentence leads to the errors of the function', async () => {
    await tabTo(page, 'link', CAUSE);
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname.endsWith(`/functions/${CAUSE}`));
    assert(param(page, 'tab') === 'errors', `leads to ${page.url()}`);
    await page.getByRole('table', { name: 'Where failing traces fail' }).waitFor();
    await assertFocus(page, 'on the function page');
  });
  await step(harness, 'arrows go from tab to tab', async () => {
    await tabTo(page, 'tab', 'Errors');
    await page.keyboard.press('ArrowRight');
    await until('the next tab', async () => param(page, 'tab') === 'dependencies');
    assert((await focused(page)).name === 'Dependencies', 'the focus did not follow');
  });
}

async function map(harness, page) {
  await step(harness, 'two keys lead to the map, and the time goes along', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('m');
    await page.waitForURL((url) => url.pathname.endsWith('/map'));
    assert(param(page, 'from') === 'now-15m', `the time was lost: ${page.url()}`);
    await page.getByRole('application').waitFor();
    await assertFocus(page, 'on the map page');
  });
  await step(harness, 'a node of the map is found by name and leads to its traces', async () => {
    await page.keyboard.press('/');
    await until('the field', async () => (await focused(page)).name === 'Find a node');
    await type(page, CAUSE);
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('sel') === `service:${CAUSE}`);
    await tabTo(page, 'link', 'Traces in this time range');
    await page.keyboard.press('Enter');
    await page.waitForURL(
      (url) => url.pathname.endsWith('/traces') && url.searchParams.get('service') === CAUSE,
    );
    await page.getByRole('table').first().waitFor();
    await assertFocus(page, 'on the search page');
  });
}

async function traces(harness, page) {
  const differences = page.getByRole('complementary', { name: 'What differs' }).getByRole('listitem');
  await step(harness, 'what distinguishes the failing traces is listed', async () => {
    await tabTo(page, 'button', 'With errors');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('brush') === 'errors');
    await differences.first().waitFor();
    const first = (await differences.allTextContents()).slice(0, 5).join(' | ');
    assert(/error|exception|status/.test(first), `the first differences are ${first}`);
    await assertFocus(page, 'after selecting');
  });
  await step(harness, 'j goes to a result, and Enter opens its trace', async () => {
    await page.keyboard.press('j');
    const row = await assertFocus(page, 'on a result');
    assert(row.role === 'link', `is on ${row.said}`);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/trace/*');
    await page.getByRole('treegrid').waitFor();
    await assertFocus(page, 'on the trace page');
  });
}

async function trace(harness, page) {
  const panel = page.getByRole('region', { name: 'Span details' });
  await step(harness, 'the first reason leads to the span that failed', async () => {
    await tabTo(page, 'button', /^First error/);
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.has('s'));
    await panel.getByText('Share of trace').waitFor();
    await panel.getByText(CAUSE).first().waitFor();
    await assertFocus(page, 'after choosing a reason');
  });
  await step(harness, 'the panel of the span is a few stops away, and its tabs go by arrows', async () => {
    const stops = await tabTo(page, 'tab', /^Overview/);
    assert(stops <= 5, `the panel is ${stops} stops away`);
    for (const name of ['Attributes', 'Events']) {
      await page.keyboard.press('ArrowRight');
      await until(`tab ${name}`, async () => (await focused(page)).name.startsWith(name));
    }
    await panel
      .getByRole('tabpanel')
      .getByText(/exception|declined|error/i)
      .first()
      .waitFor();
  });
  await step(harness, 'y copies a link that brings all of this back', async () => {
    await page.keyboard.press('y');
    const copied = await until('the clipboard', () => page.evaluate(() => navigator.clipboard.readText()));
    assert(copied === page.url(), `copied ${copied}, and is at ${page.url()}`);
  });
  await step(harness, 'Escape closes the panel, and the focus is in the span list', async () => {
    await page.keyboard.press('Escape');
    await page.waitForURL((url) => !url.searchParams.has('s'));
    const now = await assertFocus(page, 'after closing the panel');
    assert(now.role === 'treegrid', `is on ${now.said}`);
  });
  await step(harness, 'e goes from error to error, Enter opens one', async () => {
    await page.keyboard.press('e');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.has('s'));
    assert((await focused(page)).role === 'treegrid', 'the span list lost the focus');
  });
  await step(harness, 'numbers switch the view and keep the focus', async () => {
    for (const [key, view] of [
      ['2', 'flame'],
      ['3', 'map'],
      ['4', 'table'],
      ['5', 'logs'],
      ['1', null],
    ]) {
      await page.keyboard.press(key);
      await page.waitForURL((url) => url.searchParams.get('v') === view);
      await assertFocus(page, `in view ${key}`);
    }
  });
}

async function comparison(harness, page) {
  await step(harness, 'a healthy trace of the same kind is offered and compared with', async () => {
    await tabTo(page, 'link', 'Compare');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname.endsWith('/compare'));
    await page.getByRole('button', { name: 'Compare with a healthy one' }).waitFor();
    await tabTo(page, 'button', 'Compare with a healthy one');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.has('a') && url.searchParams.has('b'));
    await page.getByRole('main').getByText(CAUSE).first().waitFor();
    await assertFocus(page, 'after comparing');
  });
}

async function dialogs(harness, page) {
  await step(harness, 'the palette finds pages, and closing it gives the focus back', async () => {
    await page.goto(`${harness.url}/traces`);
    await tabTo(page, 'button', 'With errors');
    await page.keyboard.press('Control+k');
    await until('its field', async () => (await focused(page)).role === 'textbox');
    await page.keyboard.press('Escape');
    await until('the button', async () => (await focused(page)).name === 'With errors');
    await page.keyboard.press('Control+k');
    await until('its field', async () => (await focused(page)).role === 'textbox');
    await type(page, 'settings');
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.pathname.endsWith('/settings'));
    await assertFocus(page, 'on the settings page');
  });
  await step(harness, 'the time range is chosen by key', async () => {
    await page.goto(`${harness.url}/traces`);
    await tabTo(page, 'button', /^Last hour/);
    await page.keyboard.press('Enter');
    await tabTo(page, 'button', /^Last 15 minutes/);
    await page.keyboard.press('Enter');
    await page.waitForURL((url) => url.searchParams.get('from') === 'now-15m');
    await assertFocus(page, 'after choosing the time');
  });
}

async function withoutShortcuts(harness, page) {
  await harness.check('while text is being composed no key is a shortcut', async () => {
    await page.goto(`${harness.url}/traces`);
    await page.getByRole('table').first().waitFor();
    await page.keyboard.press('Tab');
    const session = await page.context().newCDPSession(page);
    const compose = async (text) => {
      await session.send('Input.imeSetComposition', {
        text,
        selectionStart: text.length,
        selectionEnd: text.length,
      });
    };
    // An input method sends what it takes for itself as key 229.
    const taken = (key) =>
      page.evaluate((pressed) => {
        const event = new KeyboardEvent('keydown', {
          key: pressed,
          isComposing: true,
          bubbles: true,
          cancelable: true,
        });
        document.activeElement.dispatchEvent(event);
      }, key);
    for (const key of ['g', 'm', '?', 'j', '/']) await taken(key);
    await page.keyboard.press('/');
    await until('the field', async () => (await focused(page)).role !== 'link');
    const before = page.url();
    await compose('zhifu');
    await taken('Enter');
    await taken('?');
    assert(page.url() === before, `is at ${page.url()}`);
    assert((await page.getByRole('dialog').count()) === 0, 'a dialog is open');
    await compose('');
    assert(path(page) === new URL(`${harness.url}/traces`).pathname, `is at ${page.url()}`);
  });
  await harness.check('switched off, letters do nothing', async () => {
    await page.goto(`${harness.url}/settings`);
    await tabTo(page, 'switch', /^Single keys/);
    await page.keyboard.press('Space');
    const still = async (where, keys) => {
      const before = page.url();
      const focus = (await focused(page)).said;
      for (const key of keys) await page.keyboard.press(key);
      assert(page.url() === before, `on ${where} the keys ${keys.join(' ')} led to ${page.url()}`);
      assert((await page.getByRole('dialog').count()) === 0, `on ${where} a dialog is open`);
      assert(
        (await focused(page)).said === focus,
        `on ${where} the focus moved to ${(await focused(page)).said}`,
      );
    };
    await still('the settings page', ['g', 'm', '?', 'y', '/', 'Shift+D', 'Shift+L']);
    await page.goto(`${harness.url}/traces`);
    await page.getByRole('table').first().waitFor();
    await still('the search page', ['j', 'x', 'c', 'r', 'p', '-', ',', 'g', 'o', '/']);
    await tabTo(page, 'link', /POST|GET/);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/trace/*');
    await page.getByRole('treegrid').waitFor();
    await tabTo(page, 'treegrid', /./);
    const row = await activeRow(page);
    await still('the trace page', ['j', 'w', 'd', 'f', 'e', 'u', '[', '2', '5', 'c', 'n']);
    assert((await activeRow(page)) === row, 'another row is active');
    await page.keyboard.press('ArrowDown');
    await until('the next row', async () => (await activeRow(page)) === row + 1);
    await page.goto(`${harness.url}/settings`);
    await tabTo(page, 'switch', /^Single keys/);
    await page.keyboard.press('Space');
    await page.keyboard.press('?');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
  });
}
