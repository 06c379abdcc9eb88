import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { batch, chain, createWorker, step } from '../index.ts';

// A worker in a process of its own, for tests that kill it. Each call of a step is one line of a file.

const { BROKERS = '', APP = '', CALLS_FILE = '' } = process.env;

const noted = (name: string, failures = 0) =>
  step<unknown, string>(
    name,
    { backoff: [0.05], tries: 5, timeout: 20 },
    async (_input, { runId, attempt }) => {
      appendFileSync(CALLS_FILE, `${runId}/${name}\n`);
      await sleep(5);
      if (attempt <= failures) throw new Error('not yet');
      return name;
    },
  );

const worker = createWorker({ brokers: BROKERS.split(','), app: APP, drain: 5 }).on(
  'chains.paid',
  chain([noted('mark'), batch([noted('crm'), noted('mail', 1)], { allowFailures: true }), noted('done')]),
);
await worker.start();
process.send?.('started');
