import { englishOnly, textsOf } from './catalogue.mjs';
import { assert } from './harness.mjs';

const TEXTS = {
  en: { token: 'Access token', submit: 'Sign in', refused: 'The token was not accepted.', out: 'Sign out' },
  'zh-CN': { token: '访问令牌', submit: '登录', refused: '令牌未被接受。', out: '退出登录' },
};

// A browser itself reports answers of 401 to the console; that one is what is being provoked.
const REFUSAL = /status of 401.*\/api\/v1\/session/;

/** The sign-in page in every language and theme; refusals, a session and signing out in one of them. */
export async function signIn(harness) {
  assert(harness.token !== '', 'WEFT_TOKEN is not set');
  for (const language of ['en', 'zh-CN']) {
    for (const theme of ['light', 'dark']) {
      const where = `${language} ${theme}`;
      const tab = await harness.open({ language, theme, expected: [REFUSAL] });
      await lookAt(harness, tab.page, where, TEXTS[language]);
      if (language === 'zh-CN') await translated(harness, tab.page, where);
      if (where === 'en light') await signInAndOut(harness, tab.page, TEXTS[language]);
      await harness.checkQuiet(where, tab);
      await tab.context.close();
    }
  }
}

async function lookAt(harness, page, where, texts) {
  await harness.check(`${where}: any page asks for a token, and for nothing else`, async () => {
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(`${harness.url}/traces?errors=true`);
    await page.getByLabel(texts.token, { exact: true }).waitFor();
    const data = asked.filter((path) => /\/api\/v1\/(traces|services|stats|operations)/.test(path));
    assert(data.length === 0, `asked for ${data.join(', ')}`);
  });
  await harness.checkAccessible(`sign-in page, ${where}`, page);
}

async function translated(harness, page, where) {
  const english = await englishOnly();
  await harness.check(`${where}: no English left on the sign-in page`, async () => {
    const left = (await textsOf(page)).filter((text) => english.some((pattern) => pattern.test(text)));
    assert(left.length === 0, left.join(' | '));
  });
}

async function signInAndOut(harness, page, texts) {
  await harness.check('a wrong token is refused', async () => {
    await page.getByLabel(texts.token, { exact: true }).fill('weft_wrong');
    await page.getByRole('button', { name: texts.submit }).click();
    await page.getByText(texts.refused).waitFor();
  });
  await harness.check('the right one opens the page that was asked for', async () => {
    await page.getByLabel(texts.token, { exact: true }).fill(harness.token);
    await page.getByRole('button', { name: texts.submit }).click();
    await page.getByRole('button', { name: texts.out }).waitFor();
    assert(new URL(page.url()).searchParams.get('errors') === 'true', `is at ${page.url()}`);
  });
  await harness.check('the session outlives a reload and is out of reach for scripts', async () => {
    await page.reload();
    await page.getByRole('button', { name: texts.out }).waitFor();
    assert((await page.evaluate(() => document.cookie)) === '', 'a script can read the cookie');
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
    assert(!kept.includes(harness.token), 'the token is kept in the browser');
  });
  await harness.check('signing out brings the page back and ends the session', async () => {
    await page.getByRole('button', { name: texts.out }).click();
    await page.getByLabel(texts.token, { exact: true }).waitFor();
    // By the context, not the page: this question is ours.
    const answer = await page.context().request.get(`${harness.url}/api/v1/services`);
    assert(answer.status() === 401, `the API answers ${answer.status()}`);
  });
}
