import { buffer } from 'node:stream/consumers';
import {
  type AttemptRecorded,
  type DeliveryDeadLettered,
  type DeliveryRequested,
  decodeAttempt,
  decodeDeadLetter,
  decodeDelivery,
  encodeDelivery,
  encodeSubscription,
  ladder,
  type RequestOutcome,
  type SubscriptionRecord,
  topics,
} from '@tidings/contracts';
import { createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { createServiceContext } from '@tidings/observability';
import { type RecordedLine, recordingLogger } from '@tidings/observability/testing';
import { loadConfig } from '@tidings/runtime';
import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import { configSpec } from '../src/config.ts';
import { metricsCatalogue } from '../src/metrics.ts';
import type { DeliveryRequest } from '../src/ports.ts';
import {
  type DeliveryContext,
  deliveryGroup,
  type OpenEngine,
  openEngine,
  startEngine,
} from '../src/run-engine.ts';
import { sealingKeys, startMs } from './builders.ts';

/** A request that the fake sender received, and a function that responds to it. */
export type Sent = Omit<DeliveryRequest, 'body'> & {
  /** The bytes; a streamed body is read to its end first. */
  body: Buffer;
  answer(outcome: RequestOutcome): void;
  readonly atMs: number;
};

/** Sends nothing: keeps each request until a test responds to it, or responds by a rule. */
export class FakeSender {
  readonly sent: Sent[] = [];
  rule: ((request: DeliveryRequest) => RequestOutcome | undefined) | undefined;
  /** Called for each request; may respond to it at any time. */
  onSend: ((sent: Sent) => void) | undefined;
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  readonly send = async (request: DeliveryRequest): Promise<RequestOutcome> => {
    const atMs = this.#clock.nowMs();
    const ruled = this.rule?.(request);
    const body = Buffer.isBuffer(request.body) ? request.body : await buffer(request.body.open());
    return new Promise((resolve) => {
      const sent = { ...request, body, answer: resolve, atMs };
      this.sent.push(sent);
      this.onSend?.(sent);
      if (ruled !== undefined) resolve(ruled);
    });
  };

  /** Ids in the order of the requests. */
  get ids(): string[] {
    return this.sent.map(({ headers }) => headers['webhook-id'] ?? '');
  }
}

/** One delivery service over a memory bus, without HTTP. */
export type Harness = Readonly<{
  bus: MemoryBus;
  clock: FakeClock;
  sender: FakeSender;
  context: DeliveryContext;
  opened: OpenEngine;
  lines: readonly RecordedLine[];
  /** Waits until published records are processed. */
  settle(): Promise<void>;
  publish(...commands: readonly DeliveryRequested[]): Promise<void>;
  register(...subscriptions: readonly SubscriptionRecord[]): Promise<void>;
  attemptEvents(): AttemptRecorded[];
  deadLetters(): DeliveryDeadLettered[];
  /** Returns all commands that were ever put on the ladder, with the rung's delay. */
  ladderCommands(): { delayMs: number; command: DeliveryRequested }[];
  /** Returns how many commands will not be read again. */
  committed(): Promise<number>;
  /** Returns the value of a metric, summed over all labels unless some are given. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  /** Stops as on SIGTERM. */
  stop(): Promise<void>;
}>;

export type HarnessOptions = Readonly<{
  env?: Readonly<Record<string, string>>;
  /** The bus of another process, to use the same brokers. */
  bus?: MemoryBus;
  /** The brokers for test publishes; default: those of the process. */
  brokers?: MemoryBus;
  clock?: FakeClock;
  /** Responds to requests, from the first one on. */
  onSend?: (sent: Sent) => void;
  cleanUp: (close: () => Promise<void>) => void;
}>;

const contextFor = (clock: FakeClock, env: Readonly<Record<string, string>>) => {
  const logger = recordingLogger();
  const config = loadConfig(configSpec, {
    KAFKA_BROKERS: 'memory:1',
    SEALING_KEYS: sealingKeys,
    DELIVERY_GATHER: '0s',
    ...env,
  });
  const context = createServiceContext<typeof configSpec, typeof metricsCatalogue>({
    name: 'delivery',
    config,
    catalogue: metricsCatalogue,
    logger,
    clock,
  });
  return { context, lines: logger.lines };
};

export const startHarness = async (options: HarnessOptions): Promise<Harness> => {
  const clock = options.clock ?? fakeClock(startMs);
  const bus = options.bus ?? createMemoryBus({ clock });
  const sender = new FakeSender(clock);
  sender.onSend = options.onSend;
  const { context, lines } = contextFor(clock, options.env ?? {});
  const opened = await openEngine(bus, sender.send, context);
  await startEngine(opened, context);
  const writer = await (options.brokers ?? bus).producer();
  const settle = async () => {
    for (let turn = 0; turn < 5; turn += 1) await clock.advance(0);
  };
  let stopping: Promise<void> | undefined;
  const stop = async () => {
    stopping ??= context.resources.close(1_000);
    // Stopping waits for work in progress no longer than the drain time, and this clock advances only on request.
    await clock.advance(context.config.drainMs);
    await stopping;
  };
  options.cleanUp(stop);
  await settle();
  return {
    bus,
    clock,
    sender,
    context,
    opened,
    lines,
    settle,
    publish: async (...commands) => {
      await writer.publishAll(
        commands.map((command) => ({ topic: topics.deliveries, ...encodeDelivery(command) })),
      );
      await settle();
    },
    register: async (...subscriptions) => {
      const records = subscriptions.map((subscription) => encodeSubscription(subscription));
      await writer.publishAll(records.map((record) => ({ topic: topics.subscriptions, ...record })));
      await settle();
    },
    attemptEvents: () => bus.records(topics.attempts).map(decodeAttempt),
    deadLetters: () =>
      bus
        .records(topics.deadLetters)
        .map((record) => decodeDeadLetter(record).deadLetter as DeliveryDeadLettered),
    ladderCommands: () =>
      ladder.flatMap(({ topic, delayMs }) =>
        bus.records(topic).map((record) => ({ delayMs, command: decodeDelivery(record) })),
      ),
    committed: async () => {
      await clock.advance(500);
      const lags = await bus.lag(deliveryGroup, [topics.deliveries]);
      return lags.reduce((sum, { committedOffset }) => sum + Number(committedOffset), 0);
    },
    metric: async (name, labels = {}) => {
      const metric = await context.metrics.registry.getSingleMetric(name)?.get();
      const values = metric?.values.filter(({ labels: has }) =>
        Object.entries(labels).every(([label, value]) => has[label] === value),
      );
      return (values ?? []).reduce((sum, { value }) => sum + value, 0);
    },
    stop,
  };
};
