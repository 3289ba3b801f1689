import { defineConfig } from 'vitest/config';

/** What must run on Node as well, its own transport among it; everything is run by `bun test`, which takes `vitest` imports for its own. */
export default defineConfig({
  test: {
    include: ['core', 'control', 'adapters', 'transport'].map((room) => `src/${room}/**/*.test.ts`),
    watch: false,
  },
});
