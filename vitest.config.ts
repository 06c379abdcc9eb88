import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// `@tidings/source` makes every workspace import resolve to src/*.ts, so tests never see a stale dist. 'import' must not
// be named here: vitest gives these to Node as well, whose require() would then load ESM files in CommonJS packages.
const conditions = ['@tidings/source', 'node'];
const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions } },
};

/** Starts the files that take minutes first, so that no worker ends alone with one of them. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      /(crash|order|local-stack|mongo|registry)[^/]*\.int\.test\.ts$/.test(moduleId);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: [
            '{packages,services}/*/src/**/*.test.ts',
            'services/console/web/src/**/*.test.ts',
            'deploy/**/*.test.ts',
            'bench/**/*.test.ts',
            'chaos/**/*.test.ts',
          ],
          exclude: ['**/*.{int,slow,ops,kill}.test.ts', '**/node_modules/**'],
          // To load express, ajv and the rest anew for each file takes twice as long as the tests.
          isolate: false,
          testTimeout: 20_000,
        },
      },
      {
        ...shared,
        test: {
          // Unit tests that take more than five seconds for what they prove: every boundary of a course, memory after rounds of
          // requests. Apart, so that `npm run test:unit` stays quick; `npm test` runs both.
          name: 'slow',
          include: ['{packages,services}/*/src/**/*.slow.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        ...shared,
        test: {
          // Tests that need what only `npm run test:ops` installs and starts.
          name: 'ops',
          include: ['packages/object-storage/src/**/*.ops.test.ts', 'e2e/own-stack/*.ops.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 300_000,
        },
      },
      {
        ...shared,
        test: {
          // The outbox and the dedupe store on the databases that only `npm run test:ops` installs and starts.
          name: 'databases',
          include: ['packages/sdk/src/**/*.ops.test.ts'],
          testTimeout: 120_000,
        },
      },
      {
        ...shared,
        test: {
          // Queries of the dashboards on a real Prometheus, which only `npm run test:ops` installs.
          name: 'monitoring',
          include: ['e2e/monitoring/*.ops.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        ...shared,
        test: {
          // The packed SDK with other releases of Node.js: `npm run test:ops` installs them.
          name: 'nodes',
          include: ['deploy/packages/*.ops.test.ts'],
          testTimeout: 60_000,
        },
      },
      {
        ...shared,
        test: {
          // The chart, rendered by helm, which only `npm run test:ops` installs.
          name: 'helm',
          include: ['deploy/helm/*.ops.test.ts'],
          testTimeout: 120_000,
        },
      },
      {
        ...shared,
        test: {
          // The services with a user each, on brokers with TLS and ACLs: `npm run test:ops`.
          name: 'secure',
          include: ['deploy/ops/secure-*.ops.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        ...shared,
        test: {
          // Examples in other languages, which only `npm run test:ops` installs.
          name: 'examples',
          include: ['e2e/examples/*.ops.test.ts'],
          globalSetup: ['e2e/harness/shared-tidings.ts'],
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      {
        ...shared,
        test: {
          // Kills in the middle of long jobs and at every step of every kind of write: `npm run test:ops`.
          name: 'kill',
          include: [
            'e2e/**/*.kill.test.ts',
            'services/*/test/**/*.kill.test.ts',
            'packages/*/src/**/*.kill.test.ts',
          ],
          globalSetup: ['packages/testing/src/vitest-stack.ts'],
          testTimeout: 600_000,
          hookTimeout: 300_000,
          maxWorkers: 1,
          fileParallelism: false,
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
          // Most of the time they wait for sessions, rebalances and processes that start, so three workers keep two cores busy.
          // Each worker has a stack of its own.
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...shared,
        test: {
          name: 'e2e',
          include: ['e2e/*.e2e.test.ts', 'e2e/browser/*.e2e.test.ts'],
          globalSetup: ['e2e/harness/shared-tidings.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        ...shared,
        test: {
          // End-to-end tests that start a stack of their own: they kill parts of it, or need settings of their own.
          name: 'own-stack',
          include: ['e2e/own-stack/*.e2e.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
