import { join } from 'node:path';
import { SmallDisk } from '../faults/small-disk.ts';
import type { ChaosOptions } from './options.ts';

const mebibyte = 1024 * 1024;
const emptyBrokerBytes = 256 * mebibyte;
// A run at 8 events a second took 0.8 MiB of each broker for one event a second over a minute.
const bytesPerEventSecondMinute = 2 * mebibyte;
const spoolBytes = 32 * mebibyte;

type Place = Readonly<{ name: string; folder: string; bytes: number }>;

/** The folders of brokers and of the spools of ingress in the data folder of `npm start`. */
const placesOf = ({ brokers, instances, minutes, rate }: ChaosOptions): readonly Place[] => [
  ...Array.from({ length: brokers }, (_, index) => {
    const name = `broker-${index + 1}`;
    const bytes = emptyBrokerBytes + minutes * rate * bytesPerEventSecondMinute;
    return { name, folder: join('kafka', name), bytes };
  }),
  ...Array.from({ length: instances }, (_, index) => ({
    name: `spool-${index + 1}`,
    folder: index === 0 ? 'spool' : `spool-${index + 1}`,
    bytes: spoolBytes,
  })),
];

/**
 * Gives each broker and each spool of a run a disk of its own, before the stack starts. None if the run fills no disks, or if the
 * machine does not allow it, which is printed.
 */
export const mountDisks = (
  options: ChaosOptions,
  folder: string,
  print: (line: string) => void,
): ReadonlyMap<string, SmallDisk> => {
  const disks = new Map<string, SmallDisk>();
  if (!options.fullDisks) return disks;
  try {
    for (const { name, folder: place, bytes } of placesOf(options))
      disks.set(name, SmallDisk.mount(join(folder, 'stack', place), bytes));
    return disks;
  } catch (error) {
    for (const disk of disks.values()) disk.unmount();
    print(`no disk is filled: ${error instanceof Error ? error.message.trim() : String(error)}`);
    return new Map();
  }
};
