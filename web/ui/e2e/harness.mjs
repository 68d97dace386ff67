import { accessSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

// Generous: the machine also runs what is tested.
export const PATIENCE_MS = Number(process.env.WEFT_PATIENCE_S ?? 60) * 1000;
// What a page is asked to evaluate has no limit of its own.
const LONGEST_CHECK_MS = 3 * PATIENCE_MS;
const LONGEST_ANIMATION_MS = 5_000;

function findBrowser() {
  const wanted = process.env.WEFT_CHROMIUM ? [process.env.WEFT_CHROMIUM] : BROWSERS;
  for (const path of wanted) {
    try {
      accessSync(path);
      return path;
    } catch {
      // The next one, then.
    }
  }
  throw new Error(`no Chromium at ${wanted.join(', ')}: install it, or name it in WEFT_CHROMIUM`);
}

/** One browser, the checks done with it and their outcome. */
export class Harness {
  passed = 0;
  failed = 0;
  current = 'nothing';

  constructor(url, token, browser) {
    this.url = url;
    this.token = token;
    this.browser = browser;
  }

  static async start(url, token) {
    const browser = await chromium.launch({ executablePath: findBrowser(), args: FLAGS });
    return new Harness(url, token, browser);
  }

  stop() {
    return this.browser.close();
  }

  pass(name) {
    this.passed++;
    console.log(`  ok   ${name}`);
  }

  fail(name, error) {
    this.failed++;
    console.log(`  FAIL ${name}: ${error instanceof Error ? error.message : error}`);
  }

  /** Runs one check. It fails by throwing; the suite goes on. */
  async check(name, run) {
    this.current = name;
    try {
      const result = await within(LONGEST_CHECK_MS, run());
      this.pass(name);
      return result;
    } catch (error) {
      this.fail(name, error);
      return undefined;
    }
  }

  /** A fresh profile with one page, whose complaints are collected: console errors, exceptions, policy violations. */
  async open({ language = 'en', theme = 'light', expected = [] } = {}) {
    const context = await this.browser.newContext({
      viewport: { width: 1440, height: 900 },
      locale: language,
    });
    await context
      .grantPermissions(['clipboard-read', 'clipboard-write'], { origin: new URL(this.url).origin })
      .catch(() => {});
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    const complaints = [];
    const origin = new URL(this.url).origin;
    page.on('console', (message) => {
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      const text = `${message.text()} (${message.location().url})`;
      if (!expected.some((pattern) => pattern.test(text)))
        complaints.push(`console, during "${this.current}": ${text}`);
    });
    page.on('pageerror', (error) => complaints.push(`exception: ${error.message}`));
    page.on('request', (request) => {
      const address = request.url();
      if (/^https?:/.test(address) && new URL(address).origin !== origin)
        complaints.push(`request to another host: ${address}`);
    });
    await page.addInitScript(
      ([storedTheme, storedLanguage]) => {
        if (!localStorage.getItem('weft.theme')) localStorage.setItem('weft.theme', storedTheme);
        if (!localStorage.getItem('weft.language')) localStorage.setItem('weft.language', storedLanguage);
        window.__violations = [];
        document.addEventListener('securitypolicyviolation', (event) => {
          window.__violations.push(
            `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`,
          );
        });
      },
      [theme, language],
    );
    return { page, context, complaints };
  }

  /** The page has complained of nothing, and the policy it came with is a strict one. */
  async checkQuiet(name, { page, complaints }) {
    await this.check(`${name}: no console error, no policy violation, no foreign request`, async () => {
      const violations = await page.evaluate(() => window.__violations);
      const all = [...complaints, ...violations.map((text) => `policy: ${text}`)];
      if (all.length > 0) throw new Error(all.slice(0, 5).join('; '));
    });
  }

  /**
   * axe-core finds nothing serious or critical on the page as it stands, or in the part of it that lies over the rest:
   * what that covers is looked at without it.
   */
  async checkAccessible(name, page, only) {
    await this.check(`${name}: axe finds nothing serious`, async () => {
      // By the debugging protocol, which the page's policy does not concern.
      await page.evaluate(AXE);
      // Half-faded text has the contrast of nothing that is on the screen for long.
      await page.evaluate((bound) => {
        const ends = (animation) => Number.isFinite(animation.effect?.getComputedTiming().endTime);
        const all = document
          .getAnimations()
          .filter(ends)
          .map((animation) => animation.finished);
        return Promise.race([Promise.allSettled(all), new Promise((resolve) => setTimeout(resolve, bound))]);
      }, LONGEST_ANIMATION_MS);
      const result = await page.evaluate(
        ([tags, over]) => window.axe.run(over ?? document, { runOnly: tags }),
        [AXE_TAGS, only],
      );
      const bad = result.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical');
      if (bad.length > 0)
        throw new Error(bad.map((v) => `${v.id} at ${v.nodes[0].html.slice(0, 160)}`).join('; '));
      if (result.passes.length === 0) throw new Error('axe looked at nothing');
    });
  }
}

async function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing after ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until probe returns something truthy, and returns that. */
export async function until(what, probe, patience = PATIENCE_MS) {
  const end = Date.now() + patience;
  let last;
  while (Date.now() < end) {
    try {
      const value = await probe();
      if (value) return value;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`waited ${patience / 1000} s for ${what}${last ? `: ${last.message}` : ''}`);
}

export function assert(condition, message) {
  if (!condition) throw new Error(message);
}
