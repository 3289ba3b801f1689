import { defineConfig } from 'vitest/config';

/** What must run on Node as well; everything is run by `bun test`, which takes `vitest` imports for its own. */
export default defineConfig({
  test: { include: ['src/core/**/*.test.ts', 'src/control/**/*.test.ts'], watch: false },
});
