import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  deliveryId,
  encodeDelivery,
  eventId,
  ladder,
  type Rung,
  subscriptionId,
  workspaceId,
} from '@tidings/contracts';
import { connectKafka, type OutgoingRecord, type Producer } from '@tidings/kafka';
import { silentLogger } from '@tidings/observability';
import { usageOf } from './process-usage.ts';
import { type BenchStack, root, startStack } from './stack.ts';

const help = `npm run bench:waiting -- [options]
Puts commands on the long rungs of the ladder, so that they wait, and looks at what the delivery service needs for them.
  --counts A,B     how many wait in turn (default 1000,1000000)
  --seconds N      how long each is looked at (default 20)
  --out FILE       where to write the JSON (default bench/results/waiting.json)
  --separate       each service in a process of its own
  --together       one process for all services (default: two, the pipeline and the management)
  --port-base N    first port of the stack (default 27400)`;

const { values } = parseArgs({
  options: {
    counts: { type: 'string', default: '1000,1000000' },
    seconds: { type: 'string', default: '20' },
    out: { type: 'string', default: join(root, 'bench/results/waiting.json') },
    separate: { type: 'boolean', default: false },
    together: { type: 'boolean', default: false },
    'port-base': { type: 'string', default: '27400' },
    help: { type: 'boolean', default: false },
  },
});

// No command may become due during the measurement.
const rungs: readonly Rung[] = ladder.filter(({ delayMs }) => delayMs >= 1_800_000);
const subscriptions = 1_000;
const recordsASend = 2_000;
const settleMs = 10_000;

const waitingCommand = (number: number, rung: Rung): OutgoingRecord => {
  const hex = number.toString(16).padStart(32, '0');
  const nowMs = Date.now();
  const { key, headers, value } = encodeDelivery({
    state: {
      type: 'DeliveryRequested.v1',
      deliveryId: deliveryId(`dlv_${hex}`),
      eventId: eventId(`evt_${hex}`),
      eventType: 'bench.waiting',
      workspaceId: workspaceId('ws_demo'),
      consumerId: null,
      subscriptionId: subscriptionId(`sub_${(number % subscriptions).toString(16).padStart(32, '0')}`),
      subscriptionVersion: 1,
      orderingKey: null,
      format: 'standard',
      chain: 0,
      attempt: 2,
      position: 1,
      trigger: 'retry',
      acceptedAtMs: nowMs,
      firstAttemptAtMs: nowMs,
      notBeforeMs: nowMs + rung.delayMs,
      deferrals: 0,
      attempts: [{ atMs: nowMs, statusCode: 500, reason: 'http-status', durationMs: 3 }],
    },
    body: Buffer.from(`{"sequence":${number}}`),
    traceparent: null,
  });
  return { topic: rung.topic, key, headers, value };
};

/** Writes commands `from` to `until` − 1, spread over the rungs. */
const put = async (producer: Producer, from: number, until: number): Promise<void> => {
  for (let number = from; number < until; ) {
    const end = Math.min(until, number + recordsASend);
    const records: OutgoingRecord[] = [];
    for (; number < end; number += 1) {
      const rung = rungs[Math.floor(number / recordsASend) % rungs.length];
      if (rung !== undefined) records.push(waitingCommand(number, rung));
    }
    await producer.publishAll(records);
  }
};

type Snapshot = Readonly<{
  waiting: number;
  rssMb: number;
  cpuMsPerSecond: number;
  brokerCpuMsPerSecond: number;
}>;

const pause = async (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms));

const snapshotOf = async ({ pids }: BenchStack, waiting: number): Promise<Snapshot> => {
  const seconds = Number(values.seconds);
  const delivery = pids['delivery'] ?? 0;
  const broker = pids['broker-1'] ?? 0;
  await pause(settleMs);
  const before = [await usageOf(delivery), await usageOf(broker)] as const;
  let rssMb = 0;
  for (let second = 0; second < seconds; second += 1) {
    await pause(1_000);
    rssMb = Math.max(rssMb, (await usageOf(delivery)).rssMb);
  }
  const after = [await usageOf(delivery), await usageOf(broker)] as const;
  const perSecond = (at: 0 | 1): number => Math.round((after[at].cpuMs - before[at].cpuMs) / seconds);
  return { waiting, rssMb, cpuMsPerSecond: perSecond(0), brokerCpuMsPerSecond: perSecond(1) };
};

const main = async (): Promise<void> => {
  const counts = values.counts.split(',').map(Number);
  const stack = await startStack(values['port-base'], {
    separate: values.separate,
    together: values.together,
  });
  const bus = await connectKafka({ brokers: stack.brokers, clientId: 'tidings-bench', logger: silentLogger });
  const snapshots: Snapshot[] = [];
  try {
    const producer = await bus.producer();
    let known = 0;
    for (const count of counts) {
      console.log(`${count} waiting …`);
      await put(producer, known, count);
      known = count;
      const takeSnapshot = await snapshotOf(stack, count);
      snapshots.push(takeSnapshot);
      console.log(
        `  delivery ${takeSnapshot.rssMb} MB, ${takeSnapshot.cpuMsPerSecond} ms of CPU a second; broker ${takeSnapshot.brokerCpuMsPerSecond} ms`,
      );
    }
    await writeFile(
      values.out,
      `${JSON.stringify({ seconds: Number(values.seconds), snapshots }, null, 2)}\n`,
    );
    console.log(`Written to ${values.out}`);
  } finally {
    await bus.close();
    await stack.stop();
  }
};

if (values.help) console.log(help);
else await main();
