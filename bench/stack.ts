import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Target } from './load.ts';
import { processesOf } from './process-usage.ts';

type Local = Readonly<{
  admin_key: string;
  url: string;
  brokers: string;
  services: Readonly<Record<string, string>>;
  pids: Readonly<Record<string, number>>;
}>;

/** The repository folder, relative to the compiled benchmark. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** A Tidings stack of the benchmark, started through `npm start` as a user does, in a temporary folder. */
export type BenchStack = Readonly<{
  target: Target;
  /** The public origin, and the URL of the history service itself. */
  url: string;
  historyUrl: string;
  brokers: readonly string[];
  /** The URL that serves the metrics of the delivery service. */
  deliveryUrl: string;
  /** The pids of the services, brokers and MongoDB by name; services may share one. Without the supervisor. */
  pids: Readonly<Record<string, number>>;
  /** The same with one entry for each process, as {@link processesOf} names them. */
  processes: Readonly<Record<string, number>>;
  /** Time from the start of `npm start` until local.json was written. */
  readyMs: number;
  subscribe(settings: Readonly<Record<string, unknown>>): Promise<void>;
  stop(): Promise<void>;
}>;

const readyWithinMs = 120_000;

const waitForLocal = async (dataDir: string, hasEnded: () => boolean): Promise<Local> => {
  const deadline = performance.now() + readyWithinMs;
  for (;;) {
    const text = await readFile(join(dataDir, 'local.json'), 'utf8').catch(() => null);
    if (text !== null) return JSON.parse(text) as Local;
    if (hasEnded()) throw new Error('the stack ended before it was ready; see its messages above');
    if (performance.now() > deadline) throw new Error(`the stack was not ready within ${readyWithinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

const subscribe = async (local: Local, settings: Readonly<Record<string, unknown>>): Promise<void> => {
  for (;;) {
    const response = await fetch(`${local.url}/v1/webhooks/subscriptions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${local.admin_key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...settings, send_test: false }),
    });
    const answer = await response.text();
    if (response.status === 201) return;
    // A key may make 100 requests a second, and some workloads need more subscriptions than that.
    if (response.status !== 429) throw new Error(`subscribe: ${response.status} ${answer}`);
    const waitMs = Number(response.headers.get('retry-after') ?? 1) * 1_000;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
};

/**
 * `separate`: each service in a process of its own. `together`: one process for all. `env`: variables for the stack and its services, beside those of the
 * benchmark. `tree`: the folder of the repository to start, by default this one.
 */
export type StartOptions = Readonly<{
  separate?: boolean;
  together?: boolean;
  env?: Readonly<Record<string, string>>;
  tree?: string;
}>;

// A benchmark that handles a signal itself stops its stack in its own time.
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export const startStack = async (
  portBase: string,
  { separate = false, together = false, env = {}, tree = root }: StartOptions = {},
): Promise<BenchStack> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tidings-bench-'));
  const args = ['deploy/local/start.mjs', '--no-demo', '--data', dataDir, '--port-base', portBase];
  if (separate) args.push('--separate');
  if (together) args.push('--together');
  const startedMs = performance.now();
  // A separate process group: Ctrl-C reaches only the benchmark, which stops the stack in order.
  const child = spawn(process.execPath, args, {
    cwd: tree,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  const onSignal = (): void => void stop().finally(() => process.exit(1));
  const signals = endingSignals.filter((signal) => process.listenerCount(signal) === 0);
  for (const signal of signals) process.once(signal, onSignal);
  const stop = async (): Promise<void> => {
    for (const signal of signals) process.removeListener(signal, onSignal);
    if (child.exitCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const local = await waitForLocal(dataDir, () => child.exitCode !== null);
    const { stack: _supervisor, ...pids } = local.pids;
    return {
      target: { ingressUrl: local.services['ingress'] ?? local.url, key: local.admin_key },
      url: local.url,
      historyUrl: local.services['history'] ?? '',
      brokers: local.brokers.split(','),
      deliveryUrl: local.services['delivery'] ?? '',
      pids,
      processes: processesOf(pids),
      readyMs: Math.round(performance.now() - startedMs),
      subscribe: (settings) => subscribe(local, settings),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
};
