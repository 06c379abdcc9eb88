import { writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { silentLogger } from '@tidings/observability';
import { batch, chain, createWorker, step } from '../index.ts';

// A worker in a process of its own, for the test that kills it many times. Its receipts are lines of a file, written before a
// step does anything: `epoch <partition> <epoch>` for each partition that it restores, `call <run> <step> <attempt>`.

const { BROKERS = '', APP = '', RECEIPTS_FD = '3' } = process.env;
const receive = (line: string): void => void writeSync(Number(RECEIPTS_FD), `${line}\n`);

type Order = Readonly<{ n: number }>;

const noted = (name: string, fails: (n: number, attempt: number) => boolean = () => false) =>
  step<unknown, string>(
    name,
    {
      backoff: [0.05],
      tries: 3,
      compensate: async (_input, { runId, attempt }) =>
        receive(`call ${runId} ${name}:compensate ${attempt}`),
    },
    async (_input, { runId, attempt, event }) => {
      receive(`call ${runId} ${name} ${attempt}`);
      await turn();
      if (fails((event.data as Order).n, attempt)) throw new Error('not yet');
      return name;
    },
  );

const worker = createWorker({
  brokers: BROKERS.split(','),
  app: APP,
  drain: 5,
  logger: {
    ...silentLogger,
    info: (fields, event) => {
      if (event === 'runs.restored') receive(`epoch ${fields['partition']} ${fields['epoch']}`);
    },
  },
}).on(
  'chains.killed',
  // Of four orders one succeeds at once, one at a second attempt, one without its mail, and one fails.
  chain(
    [
      noted('mark'),
      batch([noted('crm', (n, attempt) => n % 4 === 1 && attempt === 1), noted('mail', (n) => n % 4 === 2)], {
        allowFailures: true,
      }),
      noted('ship', (n) => n % 4 === 3),
    ],
    { onFailure: noted('tell') },
  ),
  { concurrency: 100 },
);
await worker.start();
process.send?.('started');
