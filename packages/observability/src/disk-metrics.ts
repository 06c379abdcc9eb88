import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createMetrics, type Metrics } from './create-metrics.ts';
import { defineMetrics } from './define-metrics.ts';
import type { Logger } from './logger.ts';

/** Metrics of the file systems on which a service keeps data. */
export const diskMetrics = defineMetrics({
  free: {
    type: 'gauge',
    name: 'tidings_disk_free_bytes',
    help: 'Bytes that the service may still write to the file system of a folder: spool or objects.',
    action:
      'Little: free space, or enlarge the disk. Without any, the spool and large events are answered 503, and exports fail.',
    labels: ['folder'],
  },
  size: {
    type: 'gauge',
    name: 'tidings_disk_size_bytes',
    help: 'Size of the file system of a folder, in bytes.',
    labels: ['folder'],
  },
});

/** A folder of a service: its name in the metrics, and its path. While it is missing, its parent counts. */
export type WatchedFolder = Readonly<{ folder: 'spool' | 'objects'; path: string }>;

/** The parts of a service context that {@link measureDisks} needs. */
export type DiskContext = Readonly<{ name: string; logger: Logger; metrics: Pick<Metrics, 'registry'> }>;

type Space = Readonly<{ free: number; size: number }>;

async function spaceOf(path: string): Promise<Space> {
  try {
    const { bavail, blocks, bsize } = await statfs(path);
    return { free: bavail * bsize, size: blocks * bsize };
  } catch (error) {
    const parent = dirname(path);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === path) throw error;
    return spaceOf(parent);
  }
}

/**
 * Measures the file systems of folders, once for a service. A scrape shows what was read since the one before, because
 * a network file system that hangs must not hold it up; a folder that cannot be read is not shown. Resolves after the
 * first reading.
 */
export async function measureDisks(
  { name, logger, metrics }: DiskContext,
  folders: readonly WatchedFolder[],
): Promise<void> {
  const { handles } = createMetrics(diskMetrics, { service: name, registry: metrics.registry });
  const seen = new Map<string, Space>();
  const reading = new Set<string>();
  const read = async ({ folder, path }: WatchedFolder): Promise<void> => {
    if (reading.has(folder)) return;
    reading.add(folder);
    try {
      seen.set(folder, await spaceOf(path));
    } catch (error) {
      // The part that uses the folder reports its faults; here only the figures are missing.
      logger.debug({ folder, error }, 'disk.not-measured');
      seen.delete(folder);
    }
    reading.delete(folder);
  };
  handles.free.collect((gauge) => {
    gauge.reset();
    for (const [folder, { free }] of seen) gauge.set({ folder }, free);
    for (const folder of folders) void read(folder);
  });
  handles.size.collect((gauge) => {
    gauge.reset();
    for (const [folder, { size }] of seen) gauge.set({ folder }, size);
  });
  await Promise.all(folders.map(read));
}
