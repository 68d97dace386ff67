import { assert, until } from './harness.mjs';
import { pagesOf, STATES, settled, show } from './pages.mjs';

/** 1280 x 720, and what twice the size of everything leaves of 1440 x 900. */
const SIZES = [
  { width: 1280, height: 720 },
  { width: 720, height: 450 },
];

/** Languages and themes; where the other half has been looked at already, only the routes without their tabs. */
const LOOKS = [
  { language: 'en', theme: 'light', all: true },
  { language: 'zh-CN', theme: 'dark', all: true },
  { language: 'en', theme: 'dark', all: false },
  { language: 'zh-CN', theme: 'light', all: false },
];

const LONGEST_FIT_MS = 5_000;

const MAIN = ['overview', 'map', 'functions', 'traces', 'trace span overview', 'compare', 'logs', 'settings'];

/** Every route, tab and state as axe-core sees it, and in little room. Wants the demo shop's traces. */
export async function access(harness) {
  const first = await harness.open();
  const pages = [...(await pagesOf(harness, first.page)), ...STATES];
  await first.context.close();
  for (const { language, theme, all } of LOOKS) {
    const tab = await harness.open({ language, theme, expected: [/status of 500/, /status of 404/] });
    for (const one of all ? pages : pages.filter(({ name }) => MAIN.includes(name))) {
      await look(harness, tab.page, one, `${one.name}, ${language} ${theme}`, language === 'en' && all);
    }
    await harness.checkQuiet(`${language} ${theme}`, tab);
    await tab.context.close();
  }
}

async function look(harness, page, one, name, narrow) {
  const shown = await harness.check(`${name}: opens`, async () => {
    await show(harness, page, one);
    if (!one.prepare) await settled(page);
    return true;
  });
  if (shown) {
    await harness.checkAccessible(name, page, one.only);
    if (narrow) await fits(harness, page, name);
  }
  await page.unrouteAll({ behavior: 'ignoreErrors' });
}

/** The page scrolls up and down at most; what is wider, as tables are, scrolls by itself. */
async function fits(harness, page, name) {
  const before = page.viewportSize();
  for (const size of SIZES) {
    await harness.check(`${name}: fits ${size.width} px`, async () => {
      await page.setViewportSize(size);
      // Charts take their new size when they are next drawn.
      await until('the page to fit', async () => (await overhang(page)).by <= 1, LONGEST_FIT_MS).catch(
        () => {},
      );
      const wide = await overhang(page);
      assert(wide.by <= 1, `wider than the window by ${wide.by} px: ${wide.which.join(', ')}`);
    });
  }
  await page.setViewportSize(before);
}

/** How much wider than the window the page is, in px, and by what. */
const overhang = (page) =>
  page.evaluate(() => {
    const root = document.documentElement;
    const main = document.getElementById('main');
    const far = [...document.querySelectorAll('body *')].filter(
      (one) =>
        one.getBoundingClientRect().right > window.innerWidth + 1 &&
        getComputedStyle(one).position !== 'fixed',
    );
    return {
      by: Math.max(root.scrollWidth - window.innerWidth, main.scrollWidth - main.clientWidth),
      which: far.slice(0, 4).map((one) => `${one.tagName}.${one.className}`.slice(0, 60)),
    };
  });
