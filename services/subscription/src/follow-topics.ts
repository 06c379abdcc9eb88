import { type Bus, complaintOf, type PartitionRunner, watchWorkers } from '@tidings/kafka';
import type { ServiceContext } from '@tidings/observability';
import { type Clock, messageOf } from '@tidings/runtime';
import type { configSpec } from './config.ts';
import type { Housekeeping } from './maintenance/start-maintenance.ts';
import type { metricsCatalogue } from './metrics.ts';
import { readTopics } from './registry/adapters/open-registry.ts';
import type { Documents } from './registry/documents.ts';
import type { Versioned } from './registry/domain/versioned.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** A consumer group of this service. `name`: of its health part. */
export type Reader = Readonly<{
  name: string;
  group: string;
  drainMs: number;
  open(group: string): Promise<Pick<PartitionRunner, 'state' | 'close'>>;
}>;

/** What there is to read. */
export type Reading = Readonly<{
  bus: Bus;
  /** Read to their ends before any reader opens. */
  tables: readonly Readonly<{ ready(): Promise<void> }>[];
  kinds: readonly Documents<Versioned>[];
  housekeeping: Pick<Housekeeping, 'onOvertaken' | 'onTopicsRead'>;
  readers: readonly Reader[];
}>;

// What the API answers does not need the readers. Neither a rebalance after the death of another instance nor brokers
// that are away may take it away; a reader that does not work although the brokers answer is a fault of this process.
const graceMs = 30_000;

/** Follows the own topics first, since which attempts count follows from the versions on them; then the others. */
export async function followTopics(context: Context, reading: Reading): Promise<void> {
  const { bus, kinds, housekeeping, readers } = reading;
  const { resources, health, logger, clock } = context;
  const tables = await readTopics(bus, kinds, housekeeping.onOvertaken);
  for (const table of tables) resources.add('own topic', async () => table.close());
  const areAway = (): boolean => tables.some((table) => table.isStale());
  const parts = readers.map((reader) => ({ reader, part: health.register(reader.name) }));
  for (const { part } of parts) part.up();
  const begin = async (): Promise<void> => {
    await Promise.all([...tables, ...reading.tables].map(async (table) => table.ready()));
    housekeeping.onTopicsRead();
    for (const { reader, part } of parts) {
      const runner = await reader.open(reader.group);
      resources.add(reader.name, async () => runner.close({ drainMs: reader.drainMs }));
      const complaint = patient(clock, areAway, () => complaintOf(runner.state()));
      const stop = watchWorkers([{ part, complaint }], clock);
      resources.add(`${reader.name} watch`, stop);
    }
  };
  void begin().catch((error: unknown) => {
    logger.error({ error, detail: messageOf(error) }, 'topics.not-followed');
    for (const { part } of parts) part.down(messageOf(error));
  });
}

/** A complaint that is told when it has lasted for some time, through which the brokers were there. */
function patient(clock: Clock, areAway: () => boolean, complaint: () => string | null): () => string | null {
  let sinceMs: number | undefined;
  return () => {
    const reason = complaint();
    const nowMs = clock.monotonicMs();
    sinceMs = reason === null || areAway() ? undefined : (sinceMs ?? nowMs);
    return sinceMs === undefined || nowMs - sinceMs < graceMs ? null : reason;
  };
}
