import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ProcessEnd } from '../processes/managed-process.ts';
import type { Launch } from '../processes/part.ts';
import { placeFile } from './durable-file.ts';

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
  /** The environment in which the JVM runs. Default: that of this process. */
  env?: NodeJS.ProcessEnv;
}>;

/** The exit code of a JVM that SIGTERM ended in order: 128 + 15. */
const endedInOrder = 143;
/** Ends of a JVM that reads beyond its archive, or nonsense in it; a shell in between reports 128 + the number. */
const crashSignals: readonly string[] = [
  'SIGABRT',
  'SIGBUS',
  'SIGSEGV',
  'SIGILL',
  'SIGFPE',
  'SIGTRAP',
  'SIGSYS',
];
const crashCodes: readonly number[] = [131, 132, 133, 134, 135, 136, 139, 159];
let recordings = 0;

/** Returns whether the environment gives every JVM an agent: one that has it refuses to start if it is to write an archive. */
const hasAgent = ({ JAVA_TOOL_OPTIONS = '', JDK_JAVA_OPTIONS = '' }: NodeJS.ProcessEnv): boolean =>
  `${JAVA_TOOL_OPTIONS} ${JDK_JAVA_OPTIONS}`.includes('-javaagent:');

/**
 * Uses the archive of classes (AppCDS) of a program, which halves the CPU time of its start. Without one, the JVM writes
 * it when it ends in order. The name of the file stands for the JVM and the jars, so another JVM writes another one; a
 * JVM that cannot use or write an archive works without. A JVM checks little of an archive: one that crashes, ends early
 * or hangs at its start costs its archive, and the next start does without.
 */
export function useClassArchive(options: ArchiveOptions): Launch {
  const file = archiveFile(options);
  // Otherwise it warns of each class that cannot be archived.
  const quiet = '-Xlog:cds*=off';
  if (existsSync(file)) {
    return {
      args: [`-XX:SharedArchiveFile=${file}`, quiet],
      onEnded: (end, hasFailedToStart) => {
        if (!hasCrashed(end) && !(hasFailedToStart && !hasEndedInOrder(end))) return null;
        rmSync(file, { force: true });
        return `its archive of classes, ${file}, may be damaged and has been removed; the next start does without`;
      },
    };
  }
  if (hasAgent(options.env ?? process.env)) return { args: [], onEnded: () => null };
  recordings += 1;
  const fresh = `${file}.${process.pid}-${recordings}`;
  return {
    args: [`-XX:ArchiveClassesAtExit=${fresh}`, quiet],
    onEnded: (end) => {
      // A process that was killed may have written only a part.
      if (existsSync(fresh) && hasEndedInOrder(end)) keep(fresh, file, options.program);
      else rmSync(fresh, { force: true });
      return null;
    },
  };
}

function hasCrashed({ code, signal }: ProcessEnd): boolean {
  return (signal !== null && crashSignals.includes(signal)) || (code !== null && crashCodes.includes(code));
}

function hasEndedInOrder({ code }: ProcessEnd): boolean {
  return code === 0 || code === endedInOrder;
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
  placeFile(fresh, file);
  for (const name of readdirSync(folder)) {
    const isOther = name.startsWith(`${program}-`) && name.includes('.jsa') && name !== basename(file);
    if (isOther) rmSync(join(folder, name), { force: true });
  }
}
