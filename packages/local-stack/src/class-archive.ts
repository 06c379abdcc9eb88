import { createHash } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import type { ProcessEnd } from './managed-process.ts';

/** The properties of a JVM that decide whether it can use an archive. */
export type ArchiveOptions = Readonly<{
  /** The folder of the archives. */
  folder: string;
  /** The program, such as `broker`: each loads other classes. */
  program: string;
  /** Version and vendor of the JVM. */
  jvm: string;
  /** Every jar of the class path, in its order. */
  jars: readonly string[];
}>;

/** A JVM that is about to be started. */
export type ArchiveUse = Readonly<{
  args: readonly string[];
  /** Call when its process has ended. */
  onEnded: (end: ProcessEnd) => void;
}>;

/** The exit code of a JVM that SIGTERM ended in order: 128 + 15. */
const endedInOrder = 143;
let recordings = 0;

/**
 * Uses the archive of classes (AppCDS) of a program, which halves the CPU time of its start. Without one, the JVM writes
 * it when it ends in order. The name of the file stands for the JVM and the jars, so another JVM writes another one; a
 * JVM that cannot use or write an archive works without.
 */
export function useClassArchive(options: ArchiveOptions): ArchiveUse {
  const file = archiveFile(options);
  // Otherwise it warns of each class that cannot be archived.
  const quiet = '-Xlog:cds*=off';
  if (existsSync(file)) return { args: [`-XX:SharedArchiveFile=${file}`, quiet], onEnded: () => {} };
  recordings += 1;
  const fresh = `${file}.${process.pid}-${recordings}`;
  return {
    args: [`-XX:ArchiveClassesAtExit=${fresh}`, quiet],
    onEnded: ({ code }) => {
      if (!existsSync(fresh)) return;
      // A process that was killed may have written only a part.
      if (code === 0 || code === endedInOrder) keep(fresh, file, options.program);
      else rmSync(fresh, { force: true });
    },
  };
}

function archiveFile({ folder, program, jvm, jars }: ArchiveOptions): string {
  const hash = createHash('sha256').update(jvm);
  for (const jar of jars) {
    const { size, mtimeMs } = statSync(jar);
    hash.update(`\n${jar} ${size} ${mtimeMs}`);
  }
  return join(folder, `${program}-${hash.digest('hex').slice(0, 16)}.jsa`);
}

/** Puts an archive in its place, and removes those of earlier jars and JVMs, and unfinished ones: each takes 20 to 50 MB. */
function keep(fresh: string, file: string, program: string): void {
  const folder = dirname(file);
  renameSync(fresh, file);
  for (const name of readdirSync(folder)) {
    const isOther = name.startsWith(`${program}-`) && name.includes('.jsa') && name !== basename(file);
    if (isOther) rmSync(join(folder, name), { force: true });
  }
}
