import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

import { AppError } from '@tidings/runtime';

import { run } from './command.ts';
import { placeFile } from './durable-file.ts';

/** The oldest Java that runs the stores: Kafka 4 needs it. */
export const minJava = 17;

/** Returns the source files of the launcher, which are in `folder`. */
export function launcherSources(folder: string): string[] {
  return [
    'CompactDatabase.java',
    'Conditions.java',
    'EmbeddedMongo.java',
    'IdIndex.java',
    'IndexRanges.java',
    'IndexStore.java',
    'KeyBytes.java',
    'LocalBroker.java',
    'MemoryReturn.java',
    'QueryPlanner.java',
    'RecentValues.java',
    'SortedIndex.java',
    'StreamedCollection.java',
    'UniqueIndex.java',
  ].map((name) => join(folder, name));
}

/** Options of a compilation. */
export type CompileOptions = Readonly<{
  java: string;
  /** The class path. */
  jars: readonly string[];
  sources: readonly string[];
  /** The jar to write. */
  target: string;
}>;

/**
 * Compiles the launcher into a jar: a JVM archives no classes of folders. Any Java from {@link minJava} on runs the
 * jar, whichever has compiled it.
 * @throws AppError `config-invalid`: the Java has no compiler, or the sources do not compile
 */
export async function compileLauncher(options: CompileOptions): Promise<void> {
  const { java, jars, sources, target } = options;
  const folder = dirname(target);
  mkdirSync(folder, { recursive: true });
  const fresh = mkdtempSync(join(folder, 'compiling-'));
  const classes = join(fresh, 'classes');
  const jar = join(fresh, 'launcher.jar');
  try {
    await runTool(java, [
      'jdk.compiler/com.sun.tools.javac.Main',
      '--release',
      String(minJava),
      '-d',
      classes,
      '-cp',
      jars.join(delimiter),
      ...sources,
    ]);
    await runTool(java, ['jdk.jartool/sun.tools.jar.Main', '--create', '--file', jar, '-C', classes, '.']);
    // A concurrent start may have made the same.
    placeFile(jar, target);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

async function runTool(java: string, [tool = '', ...args]: readonly string[]): Promise<void> {
  const made = await run(java, ['-m', tool, ...args]);
  if (made.code === 0) return;
  const isRuntimeOnly = /Module jdk\.\w+ not found/.test(made.output);
  throw new AppError({
    code: 'config-invalid',
    message: isRuntimeOnly
      ? `the Java at ${java} is a runtime without a compiler. Install a JDK ${minJava} or newer, not only a JRE, or point JAVA_HOME at one.`
      : `the launchers of Kafka and of the embedded MongoDB do not compile: ${made.output.slice(0, 600)}`,
  });
}
