import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** All texts of a language, which stand in one file an area; none of them needs another one to run. */
async function load(language) {
  const folder = fileURLToPath(new URL(`../src/i18n/${language}/`, import.meta.url));
  const texts = [];
  for (const file of readdirSync(folder)) {
    if (file === 'index.ts') continue;
    const { outputText } = ts.transpileModule(readFileSync(folder + file, 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
    });
    const module = await import(`data:text/javascript;base64,${Buffer.from(outputText).toString('base64')}`);
    texts.push(...Object.values(module).flatMap(flatten));
  }
  return texts;
}

function flatten(node) {
  return Object.values(node).flatMap((value) => (typeof value === 'string' ? [value] : flatten(value)));
}

/**
 * The English texts that a Chinese page must not show. Texts that are the same in both languages, and those that are
 * one word of lower case, which data may hold as well ("error", "server", "p95"), say nothing.
 */
export async function englishOnly() {
  const chinese = new Set(await load('zh'));
  const english = (await load('en')).filter((text) => !chinese.has(text) && !/^[a-z]+\d*$/.test(text));
  return english.map(
    (text) =>
      new RegExp(
        `^${text
          .split(/{{[^}]*}}/)
          .map(quoted)
          .join('.+')}$`,
      ),
  );
}

const quoted = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Every text the page shows or says: text nodes, and the attributes that are read out or shown on hover. */
export const textsOf = (page) =>
  page.evaluate(() => {
    const texts = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const text = node.textContent.trim();
      if (text !== '' && !node.parentElement.closest('script, style, noscript')) texts.add(text);
    }
    for (const element of document.querySelectorAll('[aria-label], [title], [placeholder]')) {
      for (const name of ['aria-label', 'title', 'placeholder']) {
        const text = element.getAttribute(name)?.trim();
        if (text) texts.add(text);
      }
    }
    return [...texts];
  });
