import { execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ensureTopics } from '@tidings/kafka';
import { type Brokers, prepareJava, startBrokers } from '@tidings/local-stack';
import { silentLogger } from '@tidings/observability';
import { eventually, guardProcesses, sharedMongodbUri } from '@tidings/testing';
import { expect, onTestFinished } from 'vitest';
import { accessCaller } from '../memory/in-memory-access.ts';
import { aKeyRing } from '../memory/in-memory-registry.ts';
import { apiCaller } from '../registry-api.ts';

/** Crash point of a process: a command to MongoDB whose statements contain this text, and the signal to send. */
export type CrashPoint = Readonly<{
  at: 'sent' | 'answered';
  command: 'insert' | 'update' | 'delete';
  /** Any collection when omitted. */
  collection?: string;
  text: string;
  signal: 'SIGKILL' | 'SIGSTOP';
}>;

/** Brokers of one test file, and database, workspace and keys of one test. */
export type Site = Readonly<{ brokers: readonly string[]; database: string; env: Record<string, string> }>;

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));
const server = fileURLToPath(new URL('../../../server/dist/src/main.js', import.meta.url));
const guard = guardProcesses();
// Starting a process is slow when others run on the same machine.
const timeouts = { timeoutMs: 60_000 };

/** `compact` makes the brokers compact a topic at once, except its active segment. */
type OwnBrokers = Readonly<{ nodes: Brokers; compact(topic: string): Promise<void>; stop(): Promise<void> }>;

/** Opens brokers that a test may stop and configure. */
export async function openBrokers(): Promise<OwnBrokers> {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-registry-'));
  const nodes = await startBrokers({ count: 1, dataDir: folder, java: await prepareJava() });
  await ensureTopics({ brokers: nodes.brokers, replicationFactor: 1, logger: silentLogger });
  const configure = async (entity: readonly string[], config: string): Promise<void> => {
    const { java: program, jars, jvmArgs } = await prepareJava();
    const tool = ['-cp', jars.join(delimiter), 'kafka.admin.ConfigCommand'];
    const address = ['--bootstrap-server', nodes.brokers.join(',')];
    const change = ['--alter', '--add-config', config];
    await promisify(execFile)(program, [...jvmArgs, ...tool, ...address, ...entity, ...change]);
  };
  return {
    nodes,
    compact: async (topic) => {
      await configure(['--entity-type', 'brokers', '--entity-default'], 'log.cleaner.backoff.ms=500');
      await configure(
        ['--entity-type', 'topics', '--entity-name', topic],
        'segment.ms=500,min.cleanable.dirty.ratio=0.001,min.compaction.lag.ms=0,max.compaction.lag.ms=500',
      );
    },
    stop: async () => {
      await nodes.stop();
      guard.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Creates the environment of one registry. */
export function aSite(brokers: readonly string[], sealingKeys = aKeyRing()): Site {
  const database = `registry_${randomUUID().slice(0, 8)}`;
  const env = {
    KAFKA_BROKERS: brokers.join(','),
    MONGODB_URI: sharedMongodbUri(),
    // One Kafka holds the keys of all registries of a test file.
    ADMIN_KEY: `an-admin-key-${randomUUID()}`,
    WORKSPACE_ID: `ws_${database}`,
    WORKSPACE_POLICY: 'open',
    SEALING_KEYS: sealingKeys,
    SUBSCRIPTION_DATABASE: database,
    SUBSCRIPTION_SWEEP_EVERY: '200ms',
    SUBSCRIPTION_HEALTH_GROUP: database,
    LOG_LEVEL: 'info',
  };
  return { brokers, database, env };
}

/** Starts the service in its own process, which ends with the test. */
function spawnService(site: Site, env: Readonly<Record<string, string>>) {
  const hook = join(dist, 'test', 'crashes', 'crash-hook.js');
  const child = spawn(process.execPath, ['--import', hook, server], {
    env: { PATH: process.env['PATH'], SERVICES: 'subscription', ...guard.env, ...site.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('exit', (_, signal) => resolve(signal)),
  );
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
    expect(guard.faults()).toEqual([]);
    expect(guard.seen()).toContain('subscription find');
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  return { child, ended, output: () => output };
}

/** Starts the service and waits for its crash point, which may precede serving. Returns the signal. */
export async function startStruck(site: Site, crashPoint: CrashPoint): Promise<NodeJS.Signals | null> {
  const { ended } = spawnService(site, { STRIKE: JSON.stringify(crashPoint) });
  return ended;
}

/** The service as deployed, running in its own process. */
export type RegistryProcess = Awaited<ReturnType<typeof startProcess>>;

/** Starts the service; stops it when the test ends. `STRIKE` in `env` sets a crash point from the start, `arm` later. */
export async function startProcess(site: Site, env: Readonly<Record<string, string>> = {}) {
  const { child, ended, output } = spawnService(site, env);
  const url = await eventually(() => {
    const [, found] = /"url":"(http:[^"]+)"/.exec(output()) ?? [];
    if (found === undefined) throw new Error(`no url yet: ${output().slice(-400)}`);
    return found;
  }, timeouts);
  const key = site.env['ADMIN_KEY'] ?? '';
  return {
    child,
    ended,
    url,
    output,
    /** Calls the subscription routes; `callAny` calls any route below /v1/webhooks. */
    call: apiCaller(url, key),
    callAny: accessCaller(url, key),
    arm: async (crashPoint: CrashPoint): Promise<void> => {
      const armed = new Promise((resolve) => child.once('message', resolve));
      child.send(crashPoint);
      await armed;
    },
    ready: async (): Promise<void> => {
      await eventually(async () => {
        const { status } = await fetch(`${url}/ready`);
        if (status !== 200) throw new Error(`${status}: ${output().slice(-400)}`);
      }, timeouts);
    },
  };
}

/** Starts the service and waits until it is ready. */
export async function startReady(
  site: Site,
  env: Readonly<Record<string, string>> = {},
): Promise<RegistryProcess> {
  const started = await startProcess(site, env);
  await started.ready();
  return started;
}

/** One call during which a process is killed. `agree` passes when no work remains after it. */
type Struck = Readonly<{
  running: RegistryProcess;
  crashPoint: CrashPoint;
  call(): Promise<unknown>;
  agree(site: Site): Promise<void>;
}>;

/** Kills a process during one call; starts another one, which recovers and passes `agree`. */
export async function crashDuring(
  site: Site,
  { running, crashPoint, call, agree }: Struck,
): Promise<RegistryProcess> {
  await running.arm(crashPoint);
  await expect(call()).rejects.toThrow();
  expect(await running.ended).toBe(crashPoint.signal);
  const next = await startReady(site);
  await agree(site);
  return next;
}

/** Output and exit code of the registry command. */
export type Said = Readonly<{ code: number | null; out: string; errors: string }>;

/** Runs the registry command in its own process. */
export async function runCommand(site: Site, args: readonly string[], sealingKeys?: string): Promise<Said> {
  const env = sealingKeys === undefined ? site.env : { ...site.env, SEALING_KEYS: sealingKeys };
  const child = spawn(process.execPath, [join(dist, 'src', 'maintenance', 'registry-command.js'), ...args], {
    env: { PATH: process.env['PATH'], ...guard.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out, errors };
}
