import { defineConfig } from 'vitest/config';

/** What must run on Node as well, its own transport among it; everything is run by `bun test`, which takes `vitest` imports for its own. */
export default defineConfig({
  test: { include: ['src/core/**/*.test.ts', 'src/control/**/*.test.ts', 'src/transport/**/*.test.ts'], watch: false },
});
