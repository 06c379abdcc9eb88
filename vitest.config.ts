import { defineConfig } from 'vitest/config';

// `@tidings/source` makes every workspace import resolve to src/*.ts, so tests never see a stale dist. 'import' must not
// be named here: vitest gives these to Node as well, whose require() would then load ESM files in CommonJS packages.
const conditions = ['@tidings/source', 'node'];
const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
};

export default defineConfig({
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: ['{packages,services}/*/src/**/*.test.ts', 'deploy/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: ['**/*.int.test.ts', '**/node_modules/**'],
          // To load express, ajv and the rest anew for each file takes twice as long as the tests.
          isolate: false,
          testTimeout: 20_000,
        },
      },
      {
        ...shared,
        test: {
          name: 'int',
          include: ['packages/*/src/**/*.int.test.ts', 'services/*/test/**/*.int.test.ts'],
          globalSetup: ['packages/testing/src/vitest-stack.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Two cores, one broker: files that run side by side would only time each other out.
          fileParallelism: false,
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          include: ['e2e/**/*.e2e.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
