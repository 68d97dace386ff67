import { defineConfig } from 'vitest/config';

// No plugins: Vite compiles JSX by tsconfig's "jsx" alone. The relative base lets one build serve from any sub-path,
// which the server names in <base href>.
export default defineConfig({
  base: './',
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    manifest: 'manifest.json',
    emptyOutDir: false, // placeholder.html is committed; scripts/dist.mjs removes the rest
    rolldownOptions: {
      // Mantine marks its files for React's server components, of which there are none here.
      onLog: (level, log, next) => {
        if (log.code !== 'MODULE_LEVEL_DIRECTIVE') next(level, log);
      },
    },
  },
  // WEFT_URL: the server whose data npm run dev shows.
  server: { proxy: { '/api': process.env.WEFT_URL ?? 'http://127.0.0.1:16686' } },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    setupFiles: ['src/test/setup.ts'],
    css: false,
    // A component renders in milliseconds, but not while everything else is being built beside it.
    testTimeout: 60_000,
  },
});
