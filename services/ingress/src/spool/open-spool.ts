import type { Producer } from '@tidings/kafka';
import type { ServiceContext } from '@tidings/observability';
import { createEventPublisher } from '../adapters/event-publisher.ts';
import { type configSpec, spoolPatienceMs } from '../config.ts';
import type { metricsCatalogue } from '../metrics.ts';
import type { PublishEvents } from '../ports.ts';
import { publishFacts } from '../received/publish-facts.ts';
import { diskFiles } from './adapters/disk-files.ts';
import { lockFolder } from './adapters/folder-lock.ts';
import type { Lane } from './lanes.ts';
import { Spool } from './spool.ts';
import { SpoolDrainer } from './spool-drainer.ts';
import { SpoolingPublisher } from './spooling-publisher.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/**
 * Returns the publish port, over the log and, if a folder is set, the spool. The spool is closed before the producer: what the log has not acknowledged stays on the disk. Rejects if the folder cannot be used.
 */
export async function openSpool(
  { config, clock, metrics, health, resources, ...context }: Context,
  producer: Producer,
): Promise<PublishEvents> {
  const { spoolDir, spoolMaxBytes, publishDeadlineMs } = config;
  const publish = createEventPublisher({ producer, deadlineMs: publishDeadlineMs });
  if (spoolDir === undefined) return publish;
  const logger = context.logger.child({ folder: spoolDir });
  const lock = await lockFolder(spoolDir);
  resources.add('spool folder', async () => lock.release());
  const spool = await Spool.open({
    ...{ files: diskFiles(spoolDir), maxBytes: spoolMaxBytes, clock, logger, metrics: metrics.handles },
  });
  resources.add('spool', async () => spool.close());
  const patienceMs = Math.min(spoolPatienceMs, publishDeadlineMs);
  const publisher = new SpoolingPublisher({ publish, producer, spool, patienceMs, clock });
  const onAcknowledged = (lane: Lane): void => publisher.acknowledged(lane);
  const output = { producer, logger, metrics: metrics.handles };
  const drainer = new SpoolDrainer({
    ...{ spool, producer, clock, logger, onAcknowledged },
    writeFacts: async (facts, signal) => publishFacts(output, facts, { signal }),
  });
  resources.add('spool drainer', async () => drainer.close());
  const { spoolRecords, spoolBytes, spoolMaxBytes: largest, spoolOldestAge } = metrics.handles;
  largest.set({}, spoolMaxBytes);
  spoolRecords.collect((gauge) => gauge.set({}, spool.state.records));
  spoolBytes.collect((gauge) => gauge.set({}, spool.state.bytes));
  spoolOldestAge.collect((gauge) => gauge.set({}, spool.state.oldestAgeMs / 1_000));
  const part = health.register('spool');
  part.describe(() => {
    const { records, bytes, oldestAgeMs, failingMs } = spool.state;
    const secondsOf = (ms: number): number => Math.round(ms / 1_000);
    const ages = { oldest_age_seconds: secondsOf(oldestAgeMs), disk_failing_seconds: secondsOf(failingMs) };
    return { records, bytes, ...ages };
  });
  part.up();
  return publisher.publish;
}
