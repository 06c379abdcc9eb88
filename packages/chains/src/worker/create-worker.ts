import { appReader, appTopics, topics } from '@tidings/contracts';
import {
  type Bus,
  type ClientSecurity,
  connectKafka,
  ensureTopics,
  kafkaMetrics,
  openSecurity,
} from '@tidings/kafka';
import { createLogger, createMetrics, type Logger } from '@tidings/observability';
import { AppError, systemClock } from '@tidings/runtime';
import type { HandlerNode } from '../handlers/chain.ts';
import { defineHandler, type Handler, type HandlerOptions } from '../handlers/handler.ts';
import { refuse } from '../handlers/refuse.ts';
import { RunningWorker } from './running-worker.ts';
import { checkOptions, type WorkerOptions } from './worker-options.ts';

/** Data of event types by name, for typed handlers: `createWorker<{ 'order.paid': OrderPaid }>(…)`. */
export type EventDataTypes = Readonly<Record<string, unknown>>;

type DataOf<Types, Pattern> = Pattern extends keyof Types ? Types[Pattern] : never;

/** A worker of an application. */
export type Worker<Types = EventDataTypes> = Readonly<{
  /**
   * Carries out a step, chain or batch for each event that matches: a name, `order.*` or `*`. Its first step gets the data
   * of the event. Call it before `start`.
   */
  on<Pattern extends string>(
    pattern: Pattern,
    handler: HandlerNode<DataOf<Types, Pattern>>,
    options?: HandlerOptions,
  ): Worker<Types>;
  /**
   * Creates the topics of the application if they are missing, joins its group, and resolves when every partition that it
   * was given is restored. Rejects with AppError `unavailable` if the brokers do not respond.
   */
  start(): Promise<void>;
  /** Returns the metrics in the text format of Prometheus. */
  metrics(): Promise<string>;
  /** Starts no further attempt, lets those under way end and records them, and leaves the group. */
  close(): Promise<void>;
}>;

const maxReplicas = 3;
const clientId = (app: string): string => `tidings-chains-${app}`;

/** Creates the topics of an application, with as many partitions as the events have. */
const prepareTopics = async (
  bus: Bus,
  options: WorkerOptions,
  { logger, security }: Readonly<{ logger: ReturnType<typeof createLogger>; security: ClientSecurity }>,
) => {
  const { app, brokers, replicationFactor = Math.min(brokers.length, maxReplicas) } = options;
  const events = await bus.ends([topics.events]);
  if (events.length === 0) {
    const message = `the brokers have no topic ${topics.events.name}: start Tidings first`;
    throw new AppError({ code: 'unavailable', message });
  }
  const own = appTopics(app, events.length);
  await ensureTopics({
    ...{ brokers, security, replicationFactor, logger },
    topics: [own.runLog, own.commands],
    isClusterChecked: false,
  });
  const partitions = (await bus.ends([own.runLog])).length;
  if (partitions < events.length) {
    const message = `${own.runLog.name} has ${partitions} partitions, ${topics.events.name} has ${events.length}: give ${own.runLog.name} and ${own.commands.name} as many while no worker runs`;
    throw new AppError({ code: 'config-invalid', message });
  }
  return own;
};

const securityOf = ({ tls, sasl }: WorkerOptions, logger: Logger): ClientSecurity =>
  openSecurity({ ...(tls !== undefined && { tls }), ...(sasl !== undefined && { sasl }) }, { logger });

/**
 * Creates a worker: `createWorker({ brokers, app }).on('order.paid', chain([…])).start()`. Nothing is connected before
 * `start`. Throws AppError `config-invalid` for a wrong option.
 */
export function createWorker<Types = EventDataTypes>(options: WorkerOptions): Worker<Types> {
  checkOptions(options);
  const { app, brokers, signals = true } = options;
  const logger = options.logger ?? createLogger({ service: app });
  const metrics = createMetrics(kafkaMetrics, {
    service: app,
    ...(options.registry !== undefined && { registry: options.registry }),
  });
  const handlers = new Map<string, Handler>();
  let running: RunningWorker | undefined;
  const stop = (): void => void worker.close();
  const worker: Worker<Types> = {
    on: (pattern, node, handlerOptions = {}) => {
      if (running !== undefined) refuse(`handler '${pattern}' was added after start: add handlers before it`);
      const handler = defineHandler(pattern, node as HandlerNode, handlerOptions);
      if (handlers.has(handler.name))
        refuse(`two handlers are named '${handler.name}': give one of them another name, { name: '…' }`);
      handlers.set(handler.name, handler);
      return worker;
    },
    start: async () => {
      if (running !== undefined) refuse('the worker was started before: create another one');
      const security = securityOf(options, logger);
      const bus = await connectKafka({
        ...{ brokers, security, clientId: clientId(app), reader: appReader(app), logger },
        metrics: metrics.handles,
      });
      const { registry } = metrics;
      running = new RunningWorker({ options, handlers, bus, clock: systemClock, logger, registry });
      if (signals) for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, stop);
      const own = { logger: logger as ReturnType<typeof createLogger>, security };
      await running.start(await prepareTopics(bus, options, own));
    },
    metrics: async () => metrics.text(),
    close: async () => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.off(signal, stop);
      await running?.close();
    },
  };
  return worker;
}
