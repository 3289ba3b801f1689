import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

/** Into dist/dashboard, from where the admin server serves it. `bin/build.mjs` names another folder while it builds beside the old one. */
export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  publicDir: false,
  build: {
    outDir: fileURLToPath(new URL('../dist/dashboard', import.meta.url)),
    emptyOutDir: true,
    target: 'es2022',
    // Everything is a file of its own: the page's Content-Security-Policy knows no data: URL and no inline code.
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 400,
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
});
