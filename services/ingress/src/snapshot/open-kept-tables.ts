import type { Bus, TableOptions } from '@tidings/kafka';
import type { ServiceContext } from '@tidings/observability';
import { keyRing, messageOf, PeriodicTask } from '@tidings/runtime';
import { type configSpec, snapshotMaxAgeMs } from '../config.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { diskFiles } from '../spool/adapters/disk-files.ts';
import { KeptTable } from './kept-table.ts';
import { SnapshotFile } from './snapshot-file.ts';

type Context = ServiceContext<typeof configSpec, typeof metricsCatalogue>;

/** Tables that survive a restart while the brokers are away. */
export type KeptTables = Readonly<{
  /** Opens tables that are kept. */
  bus: Pick<Bus, 'table'>;
  /** True if the tables began with a snapshot. */
  isRestored: boolean;
  /** False while tables have what a snapshot had, and the topics have not been read: what is not there may exist. */
  isComplete: () => boolean;
}>;

const everyMs = 2_000;
const renewMs = 600_000;

/**
 * Keeps the tables that are opened with the returned bus in a sealed file beside the spool, and begins them with what it
 * has, if that is not too old. Without a spool nothing is kept. The folder must be locked.
 */
export async function openKeptTables(
  { config, clock, logger, resources }: Context,
  bus: Pick<Bus, 'table'>,
): Promise<KeptTables> {
  const { spoolDir, sealingKeys } = config;
  if (spoolDir === undefined) return { bus, isRestored: false, isComplete: () => true };
  const maxAgeMs = snapshotMaxAgeMs;
  const file = new SnapshotFile({
    ...{ files: diskFiles(spoolDir), ring: keyRing(sealingKeys), maxAgeMs, clock, logger },
  });
  const snapshot = await file.read();
  const tables = new Map<string, KeptTable<never>>();
  let writtenMs = 0;
  const write = async (): Promise<void> => {
    const all = [...tables];
    const isDue = all.some(([, { isChanged }]) => isChanged) || clock.monotonicMs() - writtenMs > renewMs;
    if (!isDue || !all.every(([, table]) => table.isComplete && !table.isAway)) return;
    for (const [, table] of all) table.isChanged = false;
    writtenMs = clock.monotonicMs();
    const topics = Object.fromEntries(all.map(([topic, table]) => [topic, table.records()]));
    await file.write({ writtenAtMs: clock.nowMs(), topics }).catch((error: unknown) => {
      logger.error({ detail: messageOf(error) }, 'snapshot.not-written');
    });
  };
  const writer = new PeriodicTask({ clock, firstMs: everyMs, everyMs, run: write });
  resources.add('table snapshot', async () => {
    await writer.close();
    await write();
  });
  if (snapshot !== undefined) {
    const ageSeconds = Math.round((clock.nowMs() - snapshot.writtenAtMs) / 1_000);
    logger.info({ ageSeconds }, 'snapshot.restored');
  }
  return {
    bus: {
      table: async <V>(table: TableOptions<V>) => {
        const records = snapshot?.topics[table.topic.name] ?? [];
        const restored = snapshot && { records, writtenAtMs: snapshot.writtenAtMs };
        const kept = new KeptTable<V>({ bus, table, restored, maxAgeMs, clock, logger });
        tables.set(table.topic.name, kept as unknown as KeptTable<never>);
        return kept.open();
      },
    },
    isRestored: snapshot !== undefined,
    isComplete: () => snapshot === undefined || [...tables.values()].every((table) => table.isComplete),
  };
}
