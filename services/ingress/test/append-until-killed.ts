import { diskFiles } from '../src/spool/adapters/disk-files.ts';
import { lockFolder } from '../src/spool/adapters/folder-lock.ts';
import { aRecord, MortalLog, openSpoolWorld } from './spool-world.ts';

// Appends to the spool in the folder of its argument from a number on, and prints each number that the disk has.
const [, , folder = '', first = '0'] = process.argv;
await lockFolder(folder);
const { spool } = await openSpoolWorld(diskFiles(folder), new MortalLog(), { maxBytes: 1e9 });
for (let at = Number(first); ; at += 4) {
  const four = [0, 1, 2, 3].map((more) => at + more);
  await Promise.all(
    four.map(async (number) => {
      await spool.append([aRecord(number, `k${number % 4}`)]);
      process.stdout.write(`${number}\n`);
    }),
  );
}
