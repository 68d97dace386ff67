// Runs before the first paint, so that a stored theme or language does not flash the default one. It stands in a file
// of its own because the page's content security policy allows no inline script.
(() => {
  const root = document.documentElement;
  let theme = null;
  let language = null;
  try {
    theme = localStorage.getItem('weft.theme');
    language = localStorage.getItem('weft.language');
  } catch {
    // Storage may be blocked; the defaults below hold.
  }
  if (theme !== 'light' && theme !== 'dark') {
    theme = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  }
  root.setAttribute('data-mantine-color-scheme', theme);
  root.lang = (language ?? navigator.language).startsWith('zh') ? 'zh-CN' : 'en';
})();
