/** What the server wrote into the page about itself. */
type PageConfig = { authRequired?: boolean };

/** Empty where nobody wrote anything, as under the development server. */
export function readConfig(): PageConfig {
  const text = document.getElementById('weft-config')?.textContent;
  if (!text) return {};
  try {
    return JSON.parse(text) as PageConfig;
  } catch {
    return {};
  }
}
