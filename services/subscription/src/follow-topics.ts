import { type Bus, type PartitionRunner, problemOf, watchWorkers } from '@tidings/kafka';
import type { ServiceContext } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';
import type { configSpec } from './config.ts';
import type { Maintenance } from './maintenance/start-maintenance.ts';
import type { metricsCatalogue } from './metrics.ts';
import { readTopics } from './registry/adapters/open-registry.ts';
import type { Documents } from './registry/documents.ts';
import type { Versioned } from './registry/domain/versioned.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** A consumer group of this service. `name`: the name of its health part. */
export type Reader = Readonly<{
  name: string;
  group: string;
  drainMs: number;
  open(group: string): Promise<Pick<PartitionRunner, 'state' | 'close'>>;
}>;

/** Tables, document kinds and consumer groups that {@link followTopics} reads. */
export type Reading = Readonly<{
  bus: Bus;
  /** Tables that are read to their ends before any reader opens. */
  tables: readonly Readonly<{ ready(): Promise<void> }>[];
  kinds: readonly Documents<Versioned>[];
  maintenance: Pick<Maintenance, 'onSuperseded' | 'onTopicsRead'>;
  readers: readonly Reader[];
}>;

// The API does not depend on the readers. Neither a rebalance after another instance dies nor unreachable brokers may
// make it unavailable; a reader that fails although the brokers respond is a fault of this process.
const graceMs = 30_000;

/** Reads this service's own topics first, because they determine which attempts count, then opens the readers. */
export async function followTopics(context: Context, reading: Reading): Promise<void> {
  const { bus, kinds, maintenance, readers } = reading;
  const { resources, health, logger, clock } = context;
  const tables = await readTopics(bus, kinds, maintenance.onSuperseded);
  for (const table of tables) resources.add('own topic', async () => table.close());
  const areUnreachable = (): boolean => tables.some((table) => table.isStale());
  const parts = readers.map((reader) => ({ reader, part: health.register(reader.name) }));
  for (const { part } of parts) part.up();
  const begin = async (): Promise<void> => {
    await Promise.all([...tables, ...reading.tables].map(async (table) => table.ready()));
    maintenance.onTopicsRead();
    for (const { reader, part } of parts) {
      const runner = await reader.open(reader.group);
      resources.add(reader.name, async () => runner.close({ drainMs: reader.drainMs }));
      const problem = debounced(clock, areUnreachable, () => problemOf(runner.state()));
      const stop = watchWorkers([{ part, problem }], clock);
      resources.add(`${reader.name} watch`, stop);
    }
  };
  void begin().catch((error: unknown) => {
    logger.error({ error, detail: messageOf(error) }, 'topics.not-read');
    for (const { part } of parts) part.down(messageOf(error));
  });
}

/** Returns a check that reports a problem only after it has lasted for `graceMs` while the brokers were reachable. */
function debounced(
  clock: Clock,
  areUnreachable: () => boolean,
  problem: () => string | null,
): () => string | null {
  let sinceMs: number | undefined;
  return () => {
    const reason = problem();
    const nowMs = clock.monotonicMs();
    sinceMs = reason === null || areUnreachable() ? undefined : (sinceMs ?? nowMs);
    return sinceMs === undefined || nowMs - sinceMs < graceMs ? null : reason;
  };
}
