import { join } from 'node:path';
import { SmallDisk } from '../faults/small-disk.ts';
import type { ChaosOptions } from './options.ts';

const emptyBytes = 256 * 1024 * 1024;
// A run at 8 events a second took 0.8 MiB of each broker for one event a second over a minute.
const bytesPerEventSecondMinute = 2 * 1024 * 1024;

/**
 * Gives each broker of a run a disk of its own, before the stack starts. None if the run fills no disks, or if the machine does
 * not allow it, which is printed.
 */
export const mountDisks = (
  { fullDisks, brokers, minutes, rate }: ChaosOptions,
  folder: string,
  print: (line: string) => void,
): ReadonlyMap<string, SmallDisk> => {
  const disks = new Map<string, SmallDisk>();
  if (!fullDisks) return disks;
  const bytes = emptyBytes + minutes * rate * bytesPerEventSecondMinute;
  try {
    for (let broker = 1; broker <= brokers; broker += 1) {
      const name = `broker-${broker}`;
      disks.set(name, SmallDisk.mount(join(folder, 'stack', 'kafka', name), bytes));
    }
    return disks;
  } catch (error) {
    for (const disk of disks.values()) disk.unmount();
    print(`no disk is filled: ${error instanceof Error ? error.message.trim() : String(error)}`);
    return new Map();
  }
};
