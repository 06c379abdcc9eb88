import { batch, chain, createWorker, step } from '@tidings/chains';
import { silentLogger } from '@tidings/observability';

// The worker of `npm run bench:chains`, in a process of its own. Its steps do nothing, so what is measured is the package.

const { BROKERS = '', APP = '' } = process.env;
let ended = 0;
let waiting = 0;

const worker = createWorker({ brokers: BROKERS.split(','), app: APP, logger: silentLogger, drain: 5 })
  .on(
    'bench.quick',
    chain([
      step('a', () => null),
      batch([step('b', () => null), step('c', () => null)]),
      step('d', () => ended++),
    ]),
    { concurrency: 200 },
  )
  .on(
    'bench.wait',
    step('wait', { backoff: [36_000], tries: 2 }, () => {
      waiting += 1;
      throw new Error('not today');
    }),
    { concurrency: 200 },
  );

process.on('message', () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ ended, waiting, bytes: heapUsed + external });
});
// The channel would keep a stopped process alive.
process.once('SIGTERM', () => process.disconnect());
await worker.start();
process.send?.('started');
