import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Returns the program `java` that a stack uses in an environment. */
export const javaOf = ({ JAVA_HOME: home }: NodeJS.ProcessEnv): string =>
  home === undefined || home === '' ? 'java' : join(home, 'bin', 'java');

/** The file ShiftedClock.java, the folder in which it is compiled, and the folder that it reads. */
export type JavaClockOptions = Readonly<{ source: string; folder: string; clockFolder: string }>;

/**
 * Compiles the agent that steps the wall clock of Kafka and of the embedded MongoDB. Returns the environment with which a JVM loads
 * it. Rejects with what the compiler says; the stack needs a JDK as well.
 */
export const shiftedJavaClock = async ({
  source,
  folder,
  clockFolder,
}: JavaClockOptions): Promise<Readonly<Record<string, string>>> => {
  const java = javaOf(process.env);
  const classes = join(folder, 'classes');
  const jar = join(folder, 'shifted-clock.jar');
  const manifest = join(folder, 'manifest.txt');
  await mkdir(classes, { recursive: true });
  await writeFile(manifest, 'Premain-Class: ShiftedClock\n');
  await run(java, ['-m', 'jdk.compiler/com.sun.tools.javac.Main', '--release', '17', '-d', classes, source]);
  const tool = 'jdk.jartool/sun.tools.jar.Main';
  await run(java, ['-m', tool, '--create', '--file', jar, '--manifest', manifest, '-C', classes, '.']);
  return { JAVA_TOOL_OPTIONS: `-javaagent:${jar}=${clockFolder}` };
};
