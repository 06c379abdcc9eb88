import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { AppError } from '@tidings/runtime';

const deployFolder = fileURLToPath(new URL('../../../deploy/local/', import.meta.url));
const pomFile = join(deployFolder, 'pom.xml');
const launcherFiles = [
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
  'SortedIndex.java',
  'StreamedCollection.java',
  'UniqueIndex.java',
].map((name) => join(deployFolder, 'java', name));
const cacheFolder = join(deployFolder, 'target');
const minJava = 17;

/** The programs and arguments that run Kafka and the embedded MongoDB. */
export type JavaTools = Readonly<{
  /** Path of the `java` program itself (not a shim: the pid must be the JVM's). */
  java: string;
  /** The jars and the launcher's classes, as an argument of `java -cp`. */
  classPath: string;
  /** JVM arguments that every part shares. */
  jvmArgs: readonly string[];
}>;

type CommandResult = Readonly<{ code: number | string; output: string }>;

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
  const java = await findJava();
  const pomHash = hashOf(readFileSync(pomFile));
  const jars = readJars(pomHash) ?? (await fetchJars(pomHash, print, signal));
  const launcherHash = hashOf(pomHash, ...launcherFiles.map((file) => readFileSync(file)));
  const classes = join(cacheFolder, `classes-${launcherHash}`);
  if (!existsSync(classes)) await compileLauncher(java, jars, classes);
  return {
    java,
    classPath: [classes, ...jars].join(delimiter),
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

async function findJava(): Promise<string> {
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
  return join(realHome, 'bin', 'java');
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

async function compileLauncher(java: string, jars: readonly string[], target: string): Promise<void> {
  mkdirSync(cacheFolder, { recursive: true });
  const fresh = mkdtempSync(join(cacheFolder, 'compiling-'));
  const made = await run(java, [
    ...['-m', 'jdk.compiler/com.sun.tools.javac.Main', '-d', fresh],
    ...['-cp', jars.join(delimiter), ...launcherFiles],
  ]);
  if (made.code !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    const isRuntimeOnly = /Module jdk\.compiler not found/.test(made.output);
    throw new AppError({
      code: 'config-invalid',
      message: isRuntimeOnly
        ? `the Java at ${java} is a runtime without a compiler. Install a JDK ${minJava} or newer, not only a JRE, or point JAVA_HOME at one.`
        : `the launchers of Kafka and of the embedded MongoDB do not compile: ${made.output.slice(0, 600)}`,
    });
  }
  try {
    renameSync(fresh, target);
  } catch (error) {
    // A concurrent start compiled the same classes first; a rename never replaces a non-empty folder.
    if (!existsSync(target)) throw error;
    rmSync(fresh, { recursive: true, force: true });
  }
}

function hashOf(...parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, 16);
}

async function run(command: string, args: readonly string[], signal?: AbortSignal): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(
      command,
      [...args],
      { maxBuffer: 16 * 1024 * 1024, ...(signal && { signal }) },
      (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : (error.code ?? 1), output: `${stdout}\n${stderr}` });
      },
    );
  });
}
