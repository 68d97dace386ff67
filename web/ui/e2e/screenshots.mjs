// Pictures of every route and state, {light, dark} x {English, Chinese} x {1440x900, 1280x720}, for people to look at.
//
//   node e2e/screenshots.mjs FOLDER [WORD ...]     only of pages whose names hold a WORD; make screenshots PAGES="WORD ..."
//
// Of the Weft at WEFT_URL, else of one with the demo shop that it starts itself.
import { mkdirSync } from 'node:fs';
import { Harness } from './harness.mjs';
import { pagesOf, STATES, settled, show } from './pages.mjs';
import { startWeft } from './weft.mjs';

const SIZES = [
  { width: 1440, height: 900 },
  { width: 1280, height: 720 },
];
// So much has to have happened for pages to be worth a picture.
const TRAFFIC_MS = 150_000;

const [folder, ...words] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node e2e/screenshots.mjs FOLDER [WORD ...]');
  process.exit(2);
}

const weft = process.env.WEFT_URL ? undefined : await startWeft({ demo: true });
const url = (process.env.WEFT_URL ?? weft.url).replace(/\/+$/, '');
if (weft) {
  console.log(`started a Weft at ${url}; it gets visitors for ${TRAFFIC_MS / 1000} s`);
  await weft.faults({ payment_errors: 0.3 });
  await new Promise((resolve) => setTimeout(resolve, TRAFFIC_MS));
}
const harness = await Harness.start(url, process.env.WEFT_TOKEN ?? '');
let pictures = 0;
try {
  const first = await harness.open();
  const all = [...(await pagesOf(harness, first.page)), ...STATES];
  await first.context.close();
  const wanted =
    words.length === 0 ? all : all.filter(({ name }) => words.some((word) => name.includes(word)));
  for (const language of ['en', 'zh-CN']) {
    for (const theme of ['light', 'dark']) {
      for (const size of SIZES) {
        const kind = `${language === 'en' ? 'en' : 'zh'}-${theme}-${size.width}`;
        mkdirSync(`${folder}/${kind}`, { recursive: true });
        const tab = await harness.open({ language, theme });
        await tab.page.setViewportSize(size);
        for (const one of wanted) {
          await take(tab.page, one, `${folder}/${kind}/${one.name.replaceAll(' ', '-')}.png`);
        }
        await tab.context.close();
      }
    }
  }
} finally {
  await harness.stop();
  await weft?.stop();
}
console.log(`${pictures} pictures in ${folder}`);

async function take(page, one, file) {
  await harness.check(file, async () => {
    await show(harness, page, one);
    if (!one.prepare) await settled(page);
    await page.screenshot({ path: file });
    pictures++;
  });
  await page.unrouteAll({ behavior: 'ignoreErrors' });
}
