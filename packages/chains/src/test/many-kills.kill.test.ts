import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  allTopics,
  appTopics,
  decodeRun,
  encodeEvent,
  isNewerRun,
  newEventId,
  type RunRecorded,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { type Bus, connectKafka, ensureTopics, type IncomingRecord } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import { eventually, sharedBrokers } from '@tidings/testing';
import { expect, it, onTestFinished } from 'vitest';
import { compareReceipts, RecordedSuccesses } from '../test/receipts.ts';

const total = 20_000;
const kills = 6;
/** Of each worker: see `killed-worker.ts`. */
const concurrency = 100;
const receiptsOfRun = 5;
const receiptBytes = 60;
const workerFile = fileURLToPath(new URL('../../dist/test/killed-worker.js', import.meta.url));
const brokers = [...sharedBrokers()];

type Worker = Readonly<{ child: ChildProcess; file: string }>;

/** Starts a worker whose receipts go to a file of its own. */
const startWorker = async (app: string, file: string): Promise<Worker> => {
  const receipts = openSync(file, 'a');
  const child = spawn(process.execPath, [workerFile], {
    env: { APP: app, BROKERS: brokers.join(','), RECEIPTS_FD: '3' },
    stdio: ['ignore', 'ignore', 'inherit', receipts, 'ipc'],
  });
  closeSync(receipts);
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  await once(child, 'message');
  return { child, file };
};

const publishOrders = async (bus: Bus): Promise<ReadonlyMap<string, number>> => {
  const numbers = new Map<string, number>();
  const producer = await bus.producer();
  for (let from = 0; from < total; from += 1_000) {
    const records = Array.from({ length: 1_000 }, (_, index) => {
      const id = newEventId(Date.now());
      numbers.set(id, from + index);
      const event = {
        ...{ id, callerId: null, workspaceId: workspaceId('ws'), consumerId: null, orderingKey: null },
        ...{ eventType: 'chains.killed', source: '/shop', time: new Date().toISOString(), traceparent: null },
        data: Buffer.from(`{"n":${from + index}}`),
      };
      return { topic: topics.events, ...encodeEvent(event, { isRepeatable: true }) };
    });
    await producer.publishAll(records);
  }
  return numbers;
};

/** Reads what was added to a topic since the last call. */
const reader = (bus: Bus, topic: typeof topics.runs, onRecord: (record: IncomingRecord) => void) => {
  const next = new Map<number, bigint>();
  const partitions = Array.from({ length: topic.partitions }, (_, partition) => partition);
  return async (): Promise<void> =>
    bus.readRange({
      ...{ topic, partitions, from: { offsets: new Map(next) }, service: 'chains-test' },
      onRecord: (record) => {
        next.set(record.partition, record.offset + 1n);
        onRecord(record);
      },
    });
};

/** The end that an order asks for: status of the run and of its steps. */
const askedFor = (n: number): string => {
  const undone = n % 4 === 3;
  const steps = {
    mark: 'succeeded',
    crm: 'succeeded',
    mail: n % 4 === 2 ? 'failed' : 'succeeded',
    ship: undone ? 'failed' : 'succeeded',
    ...(undone && {
      'crm:compensate': 'succeeded',
      'mail:compensate': 'succeeded',
      'mark:compensate': 'succeeded',
      tell: 'succeeded',
    }),
  };
  return describeEnd(undone ? 'failed' : 'completed', Object.entries(steps));
};

const describeEnd = (status: string, steps: readonly (readonly [string, string])[]): string =>
  `${status}: ${steps
    .map((step) => step.join(' '))
    .toSorted()
    .join(', ')}`;

const endOf = ({ status, steps }: RunRecorded): string =>
  describeEnd(
    status,
    steps.map((step) => [step.name, step.status] as const),
  );

it(`ends ${total} runs as asked while workers are killed ${kills} times, and runs no recorded step again`, async () => {
  await ensureTopics({ brokers, replicationFactor: 1, topics: allTopics, logger: silentLogger });
  const folder = mkdtempSync(join(tmpdir(), 'chains-kill-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const app = `kill-${process.pid}-${Date.now() % 100_000}`;
  const bus = await connectKafka({ brokers, clientId: 'chains-test', logger: silentLogger });
  onTestFinished(async () => bus.close());
  const began = performance.now();
  const files: string[] = [];
  const start = async (): Promise<Worker> => {
    const file = join(folder, `receipts-${files.length}`);
    files.push(file);
    return startWorker(app, file);
  };

  const working = [await start(), await start()];
  const numbers = await publishOrders(bus);
  const bytes = () => files.reduce((sum, file) => sum + statSync(file).size, 0);
  for (let kill = 1; kill <= kills; kill += 1) {
    const due = (kill * total * receiptsOfRun * receiptBytes) / (kills + 2);
    await eventually(() => expect(bytes()).toBeGreaterThan(due), { timeoutMs: 120_000 });
    const killed = working.shift();
    killed?.child.kill('SIGKILL');
    working.push(await start());
  }

  const newest = new Map<string, RunRecorded>();
  const unfinished = new Set(numbers.keys());
  const readRuns = reader(bus, topics.runs, (record) => {
    const run = decodeRun(record);
    const known = newest.get(run.runId);
    if (run.app !== app || (known !== undefined && !isNewerRun(run, known))) return;
    newest.set(run.runId, run);
    if (run.endedAtMs !== null) unfinished.delete(run.event.id);
  });
  const allEnded = async (): Promise<void> => {
    await readRuns();
    expect(unfinished.size).toBe(0);
  };
  await eventually(allEnded, { timeoutMs: 180_000, everyMs: 500 });
  for (const { child } of working) {
    child.kill('SIGTERM');
    await once(child, 'exit');
  }
  const seconds = (performance.now() - began) / 1_000;

  await readRuns();
  expect(newest.size).toBe(total);
  const others = [...newest.values()].filter(
    (run) => endOf(run) !== askedFor(numbers.get(run.event.id) ?? -1),
  );
  expect(others.map(endOf)).toEqual([]);
  const log = new RecordedSuccesses();
  await reader(bus, appTopics(app).runLog, (record) => log.take(record))();
  // Each run has its steps, and of every fourth four more succeed; one of its own has failed in half of them.
  expect(log.size).toBe(total * 4 - total / 2 + total);
  const { calls, duplicates, forbidden } = compareReceipts(files, log);
  expect(forbidden).toEqual([]);
  // Each worker may lose what it has under way at each kill and when its successor joins.
  expect(duplicates).toBeLessThanOrEqual(2 * kills * 2 * concurrency);
  process.stdout.write(
    `chains: ${total} runs, ${kills} kills, ${calls} attempts of steps, ${duplicates} of them again, ${Math.round(seconds)} s\n`,
  );
}, 400_000);
