import { englishOnly, textsOf } from './catalogue.mjs';
import { walkMap } from './demo-map.mjs';
import {
  brushes,
  conditions,
  differences,
  grouping,
  keeping,
  live,
  marks,
  older,
  openSearch,
  queries,
  searchByService,
} from './demo-search.mjs';
import { foldRows, followLink, openSpan, openTrace, panel, reload, zoom } from './demo-trace.mjs';
import { marksOfTrace } from './demo-trace-marks.mjs';
import { compare, critical, find, views } from './demo-trace-views.mjs';
import { functions } from './functions.mjs';
import { assert, until } from './harness.mjs';
import { logs } from './logs.mjs';
import { overview } from './overview.mjs';
import { missingTrace, spanPanel } from './span-panel.mjs';
import { traceFiles } from './trace-file.mjs';

/** Through all pages with the demo shop's data, in two languages and two themes. */
export async function demo(harness) {
  const tab = await harness.open();
  const { page } = tab;
  await overview(harness, page);
  await logs(harness, page);
  await openSearch(harness, page);
  await searchByService(harness, page);
  await conditions(harness, page);
  await queries(harness, page);
  await brushes(harness, page);
  await live(harness, page);
  await differences(harness, page);
  await grouping(harness, page);
  await older(harness, page);
  await marks(harness, page);
  await keeping(harness, page);
  await functions(harness, page);
  await page.goto(`${harness.url}/traces`);
  await openTrace(harness, page);
  await foldRows(harness, page);
  await openSpan(harness, page);
  await zoom(harness, page);
  const address = page.url();
  await reload(harness, page, address);
  await critical(harness, page);
  await find(harness, page);
  await views(harness, page);
  await compare(harness, page);
  await followLink(harness, page);
  await marksOfTrace(harness, page);
  await spanPanel(harness, page);
  await traceFiles(harness, page);
  await walkMap(harness, page);
  await page.goto(address);
  await switchLanguage(harness, page);
  await switchTheme(harness, page);
  await badAddress(harness, page);
  await harness.checkQuiet('the whole walk', tab);
  await tab.context.close();
  const other = await harness.open();
  await missingTrace(harness, other.page);
  await other.context.close();
}

async function switchLanguage(harness, page) {
  const english = await englishOnly();
  const wanted = async (where) => {
    const left = (await textsOf(page)).filter((text) => english.some((pattern) => pattern.test(text)));
    assert(left.length === 0, `English on ${where}: ${left.slice(0, 8).join(' | ')}`);
  };
  await harness.check('Chinese without reloading, and no English left on the trace page', async () => {
    await page.getByRole('button', { name: 'EN', exact: true }).click();
    await page.getByRole('menuitem', { name: '中文' }).click();
    await page.getByRole('button', { name: '复制链接' }).waitFor();
    assert((await page.locator('html').getAttribute('lang')) === 'zh-CN', 'lang is not zh-CN');
    await until('the menu to close', async () => (await page.getByRole('menu').count()) === 0);
    await wanted('the trace page');
  });
  for (const name of ['属性', '事件', '日志', '关联']) {
    await harness.check(`no English left in tab ${name}`, async () => {
      await panel(page)
        .getByRole('tab', { name: new RegExp(`^${name}`) })
        .click();
      await until(
        'its text',
        async () => (await panel(page).getByRole('tabpanel').textContent()).trim() !== '',
      );
      await wanted(`tab ${name}`);
    });
  }
  for (const [name, link] of [
    ['overview', '概览'],
    ['logs', '日志'],
  ]) {
    await harness.check(`no English left on the page ${name}`, async () => {
      await page.getByRole('navigation').getByRole('link', { name: link }).click();
      await page.locator('main [role=table], main table').first().waitFor();
      await wanted(`the page ${name}`);
    });
  }
  await harness.check('no English left on the search page', async () => {
    await page.getByRole('link', { name: '链路' }).first().click();
    await page.getByRole('table').waitFor();
    await wanted('the search page');
  });
}

async function switchTheme(harness, page) {
  const picture = () => page.evaluate(() => document.querySelector('[role=img] canvas').toDataURL());
  await harness.check('the dark theme repaints page and canvas', async () => {
    await page.locator('[role=img] canvas').first().waitFor();
    const before = await picture();
    await page.getByRole('banner').getByRole('button', { name: '主题' }).click();
    await page.getByRole('menuitem', { name: '深色' }).click();
    await until('another background', async () => {
      const [r] = await page.evaluate(() =>
        getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number),
      );
      return r < 60;
    });
    await until('another picture', async () => (await picture()) !== before);
  });
  await harness.check('language and theme are kept', async () => {
    await page.reload();
    await page.getByRole('table').waitFor();
    const html = page.locator('html');
    assert((await html.getAttribute('lang')) === 'zh-CN', 'the language was lost');
    assert((await html.getAttribute('data-mantine-color-scheme')) === 'dark', 'the theme was lost');
  });
}

async function badAddress(harness, page) {
  await harness.check('what an address holds in error is named and left out', async () => {
    await page.goto(`${harness.url}/traces?minDuration=fast&colour=red`);
    await page.getByText('colour, minDuration').waitFor();
    await page.getByRole('table').waitFor();
  });
}
