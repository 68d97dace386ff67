import { assert, until } from './harness.mjs';

// More stops than any page has.
const MOST_STOPS = 250;

/** What has the focus: its role and name as they are read out, and whether one can see that it has it. */
export const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    if (!element || element === document.body) return { lost: true, role: '', name: '', said: 'nothing' };
    const named = (element.getAttribute('aria-labelledby') ?? '')
      .split(' ')
      .map((id) => document.getElementById(id)?.textContent ?? '')
      .join(' ');
    const name = (
      element.getAttribute('aria-label') ||
      named.trim() ||
      element.labels?.[0]?.textContent ||
      element.textContent ||
      element.title ||
      ''
    )
      .replace(/\s+/g, ' ')
      .trim();
    const role =
      element.getAttribute('role') ??
      { A: 'link', BUTTON: 'button', INPUT: 'textbox' }[element.tagName] ??
      element.tagName.toLowerCase();
    const box = element.getBoundingClientRect();
    const inView =
      box.bottom > 0 && box.top < window.innerHeight && box.right > 0 && box.left < window.innerWidth;
    // A ring around it, or, as fields have it, around the frame it stands in. A switch draws it on its track.
    const ringed = (one) =>
      [null, '::before', '::after'].some((part) => {
        const style = getComputedStyle(one, part);
        const outline = style.outlineStyle !== 'none' && Number.parseFloat(style.outlineWidth) > 0;
        return outline || style.boxShadow !== 'none';
      });
    const near = [element, element.parentElement, ...(element.parentElement?.children ?? [])];
    const descendant = document.getElementById(element.getAttribute('aria-activedescendant') ?? '');
    const visible = near.some(ringed) || element.matches('input, textarea, select') || descendant !== null;
    return { lost: false, role, name, visible, inView, said: `${role} "${name.slice(0, 60)}"` };
  });

/** The focus is somewhere, and one sees where. */
export async function assertFocus(page, when) {
  // What closes gives the focus back when it has gone.
  const now = await until(
    `the focus ${when}`,
    async () => {
      const one = await focused(page);
      return !one.lost && one;
    },
    5_000,
  );
  assert(now.inView, `${when} the focus is out of view, on ${now.said}`);
  return now;
}

/** Presses Tab until what role and name describe has the focus; every stop on the way must show that it has it. */
export async function tabTo(page, role, name, key = 'Tab') {
  const unseen = new Set();
  const passed = [];
  for (let stops = 0; stops < MOST_STOPS; stops++) {
    await page.keyboard.press(key);
    const now = await focused(page);
    if (now.lost) continue; // round the end of the page
    passed.push(now.said);
    if (!now.visible) unseen.add(now.said);
    if (now.role === role && (typeof name === 'string' ? now.name === name : name.test(now.name))) {
      assert(unseen.size === 0, `one does not see the focus on ${[...unseen].join(', ')}`);
      return stops + 1;
    }
  }
  throw new Error(`no ${role} ${name} among ${[...new Set(passed)].slice(0, 80).join(', ')}`);
}

/** Types a text as a person does, key by key. */
export const type = (page, text) => page.keyboard.type(text, { delay: 20 });
