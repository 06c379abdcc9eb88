import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { AppError } from '@tidings/runtime';
import type { Launch } from '../processes/part.ts';
import { useClassArchive } from './class-archive.ts';
import { type CommandResult, run } from './command.ts';
import { compileLauncher, launcherSources, minJava } from './java-launcher.ts';

const deployFolder = fileURLToPath(new URL('../../../../deploy/local/', import.meta.url));
const pomFile = join(deployFolder, 'pom.xml');
const launcherFiles = launcherSources(join(deployFolder, 'java'));
const cacheFolder = join(deployFolder, 'target');

/** The programs and arguments that run Kafka and the embedded MongoDB. */
export type JavaTools = Readonly<{
  /** Path of the `java` program itself (not a shim: the pid must be the JVM's). */
  java: string;
  /** Version and vendor of the JVM. */
  jvm: string;
  /** The jars of Kafka, of the embedded MongoDB and of their launcher. */
  jars: readonly string[];
  /** JVM arguments that every part shares. */
  jvmArgs: readonly string[];
  /** The folder of the archives of classes. */
  archives: string;
}>;

/** Prepares a JVM of the stack: the arguments that run a class of the launcher, with its archive of classes. */
export function javaLaunch(
  { jvm, jars, jvmArgs, archives }: JavaTools,
  {
    program,
    heapArgs,
    main,
    logDir,
  }: Readonly<{ program: string; heapArgs: readonly string[]; main: readonly string[]; logDir: string }>,
): Launch {
  const archive = useClassArchive({ folder: archives, program, jvm, jars });
  // Otherwise a JVM that crashes leaves its report in the folder of whoever started the stack.
  const report = `-XX:ErrorFile=${join(logDir, `${program}-crash-%p.log`)}`;
  const args = [...heapArgs, ...jvmArgs, report, ...archive.args, '-cp', jars.join(delimiter), ...main];
  return { args, onEnded: archive.onEnded };
}

/** Options of the preparation. `print` receives a line before each long step; `signal` aborts a download. */
export type PrepareOptions = Readonly<{ print?: (line: string) => void; signal?: AbortSignal }>;

/**
 * Finds Java 17 or newer and builds the class path. The first run on a machine downloads about 55 MB through Maven into
 * Maven's own repository and compiles the launcher; later runs read the result from files under deploy/local/target,
 * which are named by a hash of their inputs.
 * @throws AppError `config-invalid` (Java or Maven missing or too old) or `unavailable` (no Maven repository reachable)
 */
export async function prepareJava(options: PrepareOptions = {}): Promise<JavaTools> {
  // Kafka and MongoDB start at the same time: both wait for one download.
  underWay ??= prepare(options).finally(() => {
    underWay = null;
  });
  return underWay;
}

let underWay: Promise<JavaTools> | null = null;

async function prepare(options: PrepareOptions): Promise<JavaTools> {
  const { print = () => {}, signal } = options;
  const { java, jvm } = await findJava();
  const pomHash = hashOf(readFileSync(pomFile));
  const jars = readJars(pomHash) ?? (await fetchJars(pomHash, print, signal));
  const launcherHash = hashOf(
    pomHash,
    `release ${minJava}`,
    ...launcherFiles.map((file) => readFileSync(file)),
  );
  const launcher = join(cacheFolder, `launcher-${launcherHash}.jar`);
  if (!existsSync(launcher)) await compileLauncher({ java, jars, sources: launcherFiles, target: launcher });
  return {
    java,
    jvm,
    jars: [launcher, ...jars],
    archives: cacheFolder,
    jvmArgs: [
      // The smallest collector and compiler: a broker that is started for an hour gains nothing from larger ones.
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      // A full collection leaves 10 to 20 % of the heap free and returns the rest.
      '-XX:MinHeapFreeRatio=10',
      '-XX:MaxHeapFreeRatio=20',
      // Writes statistics for jstat 20 times a second.
      '-XX:-UsePerfData',
      '-Xss256k',
      '-XX:+ExitOnOutOfMemoryError',
      '-Djava.awt.headless=true',
      `-Dlog4j2.configurationFile=${join(deployFolder, 'log4j2.properties')}`,
    ],
  };
}

async function findJava(): Promise<Pick<JavaTools, 'java' | 'jvm'>> {
  const home = process.env['JAVA_HOME'];
  const candidate = home ? join(home, 'bin', 'java') : 'java';
  const found = await run(candidate, ['-XshowSettings:properties', '-version']);
  const version = /java\.specification\.version = (?:1\.)?(\d+)/.exec(found.output)?.[1];
  const realHome = /java\.home = (.+)/.exec(found.output)?.[1]?.trim();
  if (found.code !== 0 || version === undefined || realHome === undefined) {
    throw new AppError({
      code: 'config-invalid',
      message: home
        ? `JAVA_HOME is ${home}, but there is no working Java. Set it to a JDK ${minJava} or newer, or unset it.`
        : `Java was not found. Install a JDK ${minJava} or newer (for example Temurin or your system's openjdk package), then start again.`,
    });
  }
  if (Number(version) < minJava) {
    throw new AppError({
      code: 'config-invalid',
      message: `Java is ${version}, but Kafka 4 needs ${minJava} or newer. Install a newer JDK or point JAVA_HOME at one.`,
    });
  }
  const jvm = [...found.output.matchAll(/java\.vm\.(?:name|vendor|version) = (.+)/g)].map(
    ([, value]) => value,
  );
  return { java: join(realHome, 'bin', 'java'), jvm: jvm.join(' ') };
}

function readJars(pomHash: string): string[] | null {
  const file = join(cacheFolder, `jars-${pomHash}.txt`);
  if (!existsSync(file)) return null;
  const jars = readFileSync(file, 'utf8').trim().split(delimiter);
  return jars.every((jar) => existsSync(jar)) ? jars : null;
}

async function fetchJars(
  pomHash: string,
  print: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  print('fetching Kafka and the embedded MongoDB through Maven (once, about 55 MB)');
  mkdirSync(cacheFolder, { recursive: true });
  const target = join(cacheFolder, `jars-${pomHash}.txt`);
  const fresh = `${target}.${process.pid}`;
  const made = await run(
    'mvn',
    [
      ...['-B', '-ntp', '-f', pomFile, 'dependency:build-classpath'],
      ...[`-Dmdep.outputFile=${fresh}`, '-Dmdep.includeScope=runtime'],
    ],
    signal,
  );
  if (made.code !== 0) throw mavenError(made);
  renameSync(fresh, target);
  const jars = readJars(pomHash);
  if (jars !== null) return jars;
  throw new AppError({
    code: 'unavailable',
    message: `Maven reported jars that do not exist; remove ${target} and start again`,
  });
}

function mavenError({ code, output }: CommandResult): AppError {
  if (code === 'ENOENT') {
    return new AppError({
      code: 'config-invalid',
      message:
        'Maven (mvn) was not found. Install Maven 3.6 or newer: it fetches Kafka. Or set KAFKA_BROKERS and MONGODB_URI to use clusters you have.',
    });
  }
  const reason = /\[(?:ERROR|FATAL)\] (.+)/.exec(output)?.[1] ?? output.trim().split('\n').at(-1) ?? '';
  if (/no space left/i.test(output)) {
    return new AppError({
      code: 'unavailable',
      message: 'Maven stopped because the disk is full. Free some space and start again.',
    });
  }
  return new AppError({
    code: 'unavailable',
    message: `Maven could not fetch Kafka. Check the network, or the proxy and mirror in ~/.m2/settings.xml, then start again. Its error: ${reason.slice(0, 400)}`,
  });
}

function hashOf(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 16);
}
