import { type ExportEvent, encodeOperationalEvent, topics } from '@tidings/contracts';
import type { Route } from '@tidings/http';
import { type Bus, type Erasures, openProducer, type Producer } from '@tidings/kafka';
import type { ObjectStorage } from '@tidings/object-storage';
import type { ServiceContext } from '@tidings/observability';
import { keyRing, messageOf, runPeriodically } from '@tidings/runtime';
import type { AuditStore } from '../audit/ports.ts';
import { AuditReader } from '../audit/read-audit.ts';
import type { configSpec } from '../config.ts';
import type { DeadLetterStore } from '../dead-letters/ports.ts';
import type { DeliveryStore } from '../deliveries/ports.ts';
import { isScanned as isScannedDelivery } from '../deliveries/scanned-filters.ts';
import type { EventLog, EventStore } from '../events/ports.ts';
import { isScanned as isScannedEvent } from '../events/scanned-filters.ts';
import type { RunKind } from '../jobs/job-kind.ts';
import type { Jobs } from '../jobs/open-jobs.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { restInSteps } from '../rest-in-steps.ts';
import { auditRows } from './adapters/audit-rows.ts';
import { deadLetterRows } from './adapters/dead-letter-rows.ts';
import { attemptRows, deliveryRows } from './adapters/delivery-rows.ts';
import { eventRows } from './adapters/event-rows.ts';
import { exportRoutes } from './adapters/export-routes.ts';
import { requestView } from './adapters/export-view.ts';
import { fileRoute } from './adapters/file-route.ts';
import {
  type ExportCheckpoint,
  type ExportSpec,
  exportPrefix,
  exportRetentionMs,
} from './domain/export-spec.ts';
import { mayContain } from './domain/may-contain.ts';
import { linkKeysOf } from './domain/sign-link.ts';
import { type ExportJob, type RunExportParts, releaseExport, runExport } from './run-export.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** The stores and parts that exports use. */
export type ExportBackends = Readonly<{
  bus: Bus;
  log: EventLog;
  stores: Readonly<{
    events: EventStore;
    deliveries: DeliveryStore;
    deadLetters: DeadLetterStore;
    audit: AuditStore;
  }>;
  storage: ObjectStorage;
  jobs: Jobs;
  erasures: Pick<Erasures, 'values'>;
}>;

const partBytes = 8 * 1024 * 1024;
const purgeEveryMs = 3_600_000;
// Of an upload: an export that runs for longer than this fails.
const maxUploadMs = 2 * exportRetentionMs;
const publishDeadlineMs = 10_000;

// Before an export is requested, every instance applies the erasures of this age to all that it reads.
const erasureAgeMs = 3_600_000;

const recentErasures = (erasures: ExportBackends['erasures'], job: ExportJob): readonly string[] =>
  [...erasures.values()]
    .filter((erasure) => erasure.requestedAtMs > job.createdAtMs - erasureAgeMs && mayContain(job, erasure))
    .map(({ erasureId }) => erasureId);

const publisher =
  (producer: Producer) =>
  async (event: ExportEvent): Promise<void> => {
    await producer.publish(
      { topic: topics.events, ...encodeOperationalEvent(event) },
      { deadlineMs: publishDeadlineMs },
    );
  };

/** Removes the files of exports that have expired, by their age in the storage, and uploads that nothing continues. */
export const purgeFiles = async (storage: ObjectStorage, nowMs: number): Promise<number> => {
  let removed = await storage.abortUploads(exportPrefix, nowMs - maxUploadMs);
  for await (const { key, modifiedAtMs } of storage.list(exportPrefix)) {
    if (modifiedAtMs > nowMs - exportRetentionMs) continue;
    await storage.delete(key);
    removed += 1;
  }
  return removed;
};

const purgePeriodically = ({ clock, logger, resources }: Context, storage: ObjectStorage): void => {
  const run = async (): Promise<void> => {
    try {
      const files = await purgeFiles(storage, clock.nowMs());
      if (files > 0) logger.info({ files }, 'exports.purged');
    } catch (error) {
      logger.warn({ detail: messageOf(error) }, 'exports.not-purged');
    }
  };
  const stop = runPeriodically({ clock, firstMs: purgeEveryMs, everyMs: purgeEveryMs, run });
  resources.add('export purges', stop);
};

/** Starts the exports: registers their kind of jobs, copies the audit topic, and removes old files. Returns the routes. */
export const openExports = async (
  context: Context,
  { bus, stores, log, storage, jobs, erasures }: ExportBackends,
): Promise<readonly Route[]> => {
  const { config, logger, metrics, clock, resources } = context;
  resources.add('object storage', async () => storage.close());
  const audit = new AuditReader({ bus, store: stores.audit, clock, logger });
  resources.add('audit reader', async () => audit.close());
  const deliveries = {
    ...stores.deliveries,
    step: restInSteps(stores.deliveries, isScannedDelivery, clock),
  };
  const events = { ...stores.events, step: restInSteps(stores.events, isScannedEvent, clock) };
  const sources = {
    events: eventRows({ ...stores, events, log }),
    deliveries: deliveryRows(deliveries, clock),
    attempts: attemptRows(deliveries, clock),
    dead_letters: deadLetterRows(stores.deadLetters),
    audit: auditRows(stores.audit, async () => audit.readNew()),
  };
  const publish = publisher(await openProducer(context, bus));
  const parts: RunExportParts = {
    ...{ storage, sources, publish, partBytes },
    erasuresOf: (job) => recentErasures(erasures, job),
  };
  const kind: RunKind<ExportSpec, ExportCheckpoint> = {
    kind: 'export',
    carriedOutBy: 'history',
    requestView,
    runBatch: async (job, signal) => runExport(parts, job, signal),
    release: async (job) => releaseExport(parts, job),
  };
  jobs.kinds.register(kind as RunKind);
  purgePeriodically(context, storage);
  const linkKeys = linkKeysOf([...keyRing(config.sealingKeys).keys.values()]);
  const onDownload = (bytes: number): void => metrics.handles.exportBytes.inc({}, bytes);
  return [
    ...exportRoutes({ ...jobs, storage, sources, clock, linkKeys }),
    fileRoute({ jobs: jobs.jobs, storage, linkKeys, clock, onDownload }),
  ];
};
