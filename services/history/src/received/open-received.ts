import { decodeWebhookReceived, topics, type WebhookReceived } from '@tidings/contracts';
import type { Route } from '@tidings/http';
import { type Bus, problemOf, watchWorkers } from '@tidings/kafka';
import { type ServiceContext, startInBackground } from '@tidings/observability';
import { BatchProjector } from '../batch-projector.ts';
import type { configSpec } from '../config.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { reportLag } from '../projection-lag.ts';
import { purgeByRetention } from '../purge-expired.ts';
import type { Retention } from '../retention.ts';
import { openKnownSources } from './adapters/known-sources.ts';
import { type ReceivedRouteParts, receivedRoutes } from './adapters/received-routes.ts';
import type { ReceivedStore } from './ports.ts';
import { projectReceived } from './project-received.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** Dependencies of the part. */
export type ReceivedParts = Omit<ReceivedRouteParts, 'sources'> &
  Readonly<{ received: ReceivedStore; retention: Retention }>;

// Ingress writes once a second.
const fetchSettings = { fetchIntervalMs: 1_000 } as const;

/** Consumes the topic. Its facts wait, and are not lost, while MongoDB is unavailable. */
const work = async (
  bus: Bus,
  { received }: Pick<ReceivedParts, 'received'>,
  context: Context,
): Promise<void> => {
  const { config, health, resources, clock, logger } = context;
  const part = health.register('received');
  const projector = new BatchProjector<WebhookReceived, void>({
    name: 'received',
    project: async (facts) => projectReceived(received, facts),
    batchRecords: config.batchRecords,
    intervalMs: config.batchIntervalMs,
    ...{ clock, logger },
    onWritten: ({ records }) => logger.debug({ records }, 'received.projected'),
    onFailed: () => {},
  });
  resources.add('received projection', () => projector.close());
  reportLag(context, { projection: 'received', part, projector });
  const runner = await bus.runPartitions({
    group: `${config.group}-received`,
    topics: [topics.received],
    decode: decodeWebhookReceived,
    onBatch: ({ items }) => projector.add(items),
    maxPendingPerPartition: config.maxPendingPerPartition,
    ...fetchSettings,
  });
  resources.add('received', async () => runner.close());
  resources.add(
    'received watches',
    watchWorkers([{ part, problem: () => problemOf(runner.state()) }], clock),
  );
};

/** Starts the part that stores what sources received, and removes it after its retention. Returns its route. */
export const openReceived = async (
  context: Context,
  bus: Bus,
  parts: ReceivedParts,
): Promise<readonly Route[]> => {
  const { config, logger, resources, clock } = context;
  startInBackground({ ...context, name: 'received' }, async () => work(bus, parts, context));
  const stop = purgeByRetention({
    ...{ name: 'received', store: parts.received, retention: parts.retention },
    ...{ retentionMs: config.retentionMs, intervalMs: config.sweepIntervalMs, clock, logger },
  });
  resources.add('received sweep', stop);
  const sources = await openKnownSources(bus);
  resources.add('known sources', async () => sources.close());
  return receivedRoutes({ ...parts, sources });
};
