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
import { foldRows, followLink, openSpan, openTrace, panel, reload, rowCount, zoom } from './demo-trace.mjs';
import { compare, critical, find, views } from './demo-trace-views.mjs';
import { FUNCTION_PAGES, functions } from './functions.mjs';
import { assert, until } from './harness.mjs';
import { logs } from './logs.mjs';
import { overview } from './overview.mjs';

/** From the search page to a span of the demo shop, in two languages and two themes. */
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
  const trace = await openTrace(harness, page);
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
  await walkMap(harness, page);
  await page.goto(address);
  await switchLanguage(harness, page);
  await switchTheme(harness, page);
  await badAddress(harness, page);
  await harness.checkQuiet('the whole walk', tab);
  await tab.context.close();
  assert(trace, 'no trace was opened, so there is none to look at');
  await accessibility(harness, trace, address);
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

async function accessibility(harness, trace, span) {
  for (const language of ['en', 'zh-CN']) {
    for (const theme of ['light', 'dark']) {
      const tab = await harness.open({ language, theme });
      const where = `${language} ${theme}`;
      await tab.page.goto(`${harness.url}/`);
      await tab.page.locator('main table[aria-label]').last().waitFor();
      await harness.checkAccessible(`overview, ${where}`, tab.page);
      await tab.page.goto(`${harness.url}/logs`);
      await tab.page.locator('[data-row="0"]').click();
      await harness.checkAccessible(`logs with a record, ${where}`, tab.page);
      await tab.page.goto(`${harness.url}/traces`);
      await tab.page.getByRole('table').waitFor();
      await harness.checkAccessible(`search, ${where}`, tab.page);
      await tab.page.goto(`${harness.url}/map`);
      await tab.page.getByRole('application').waitFor();
      await harness.checkAccessible(`map, ${where}`, tab.page);
      await tab.page.goto(`${harness.url}/map?table=true&sel=service:shop-orders`);
      await tab.page.getByRole('table').first().waitFor();
      await harness.checkAccessible(`map as tables, ${where}`, tab.page);
      await tab.page.goto(trace);
      await until('rows', async () => (await rowCount(tab.page)) > 0);
      await harness.checkAccessible(`trace, ${where}`, tab.page);
      await tab.page.goto(span);
      await tab.page.getByRole('tabpanel').first().waitFor();
      await harness.checkAccessible(`trace with span, ${where}`, tab.page);
      for (const [name, path] of FUNCTION_PAGES) {
        await tab.page.goto(harness.url + path);
        await tab.page.getByRole('table').first().waitFor();
        await harness.checkAccessible(`${name}, ${where}`, tab.page);
      }
      await harness.checkQuiet(where, tab);
      await tab.context.close();
    }
  }
}
