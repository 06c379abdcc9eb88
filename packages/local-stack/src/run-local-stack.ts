import { AppError, systemClock } from '@tidings/runtime';

import { demoCurl } from './demo/demo-subscription.ts';
import { folderHint } from './folder-hint.ts';
import { LocalStack, type LocalStackOptions } from './local-stack.ts';
import type { LocalState } from './local-state.ts';

/** npm forwards a signal that the terminal's process group has already received: two within this time count as one. */
const sameSignalMs = 1_000;
const linkTimeoutMs = 5_000;
const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Work in parallel with a ready stack; the returned function ends it. */
export type BesideStack = (stack: LocalStack) => () => Promise<void>;

/**
 * Runs `npm start`: runs the stack in this process until SIGINT, SIGTERM or SIGHUP, and resolves with the exit code. A
 * later Ctrl-C kills everything at once. `beside` runs from the moment the stack is ready until it is stopped.
 */
export async function runLocalStack(options: LocalStackOptions, beside?: BesideStack): Promise<number> {
  const { print } = options;
  const stack = new LocalStack(options);
  const signals = listen(() => {
    print('killing all processes');
    stack.killNow();
    process.exit(1);
  });
  const killAtExit = (): void => stack.killNow();
  process.once('exit', killAtExit);
  let ending: Promise<void> | undefined;
  try {
    const state = await Promise.race([stack.start(), signals.first]);
    if (state !== null) {
      const signIn = await signInLink(state, stack.operatorUrl);
      const hint = state.url === null ? [] : folderHint(options.dataDir, process.cwd());
      for (const line of [...summary(state, stack, signIn), ...hint, '', 'Ctrl-C stops it.', '']) print(line);
      const end = beside?.(stack);
      await signals.first;
      ending = end?.();
    }
    const stoppingMs = systemClock.monotonicMs();
    print('stopping: services first, then Kafka and MongoDB (Ctrl-C again kills all processes)');
    await stack.stop();
    await ending;
    print(`stopped after ${((systemClock.monotonicMs() - stoppingMs) / 1000).toFixed(1)} s`);
    return 0;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    print(`error: ${error.message}`);
    return 1;
  } finally {
    signals.remove();
    process.removeListener('exit', killAtExit);
  }
}

function listen(force: () => void): { first: Promise<null>; remove: () => void } {
  let firstMs: number | null = null;
  let resolveFirst: (value: null) => void = () => {};
  const first = new Promise<null>((resolve) => {
    resolveFirst = resolve;
  });
  const onSignal = (signal: NodeJS.Signals): void => {
    const now = systemClock.monotonicMs();
    if (firstMs === null) {
      firstMs = now;
      resolveFirst(null);
    } else if (signal === 'SIGINT' && now - firstMs > sameSignalMs) force();
  };
  for (const signal of stopSignals) process.on(signal, onSignal);
  return {
    first,
    remove: () => {
      for (const signal of stopSignals) process.removeListener(signal, onSignal);
    },
  };
}

type Pages = Pick<LocalStack, 'inboxUrl' | 'operatorUrl' | 'monitoringUrls'>;

/** Returns a link that signs its first user in to the console; null if the console makes none, which ends no start. */
async function signInLink(
  { url, admin_key }: LocalState,
  operatorUrl: string | null,
): Promise<string | null> {
  if (url === null || operatorUrl === null) return null;
  try {
    const response = await fetch(`${operatorUrl}/sign-in-links`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ key: admin_key }),
      signal: AbortSignal.timeout(linkTimeoutMs),
    });
    if (!response.ok) return null;
    const { path } = (await response.json()) as Readonly<{ path: string }>;
    return `${url}${path}`;
  } catch {
    // The admin key, which is printed too, signs in as well.
    return null;
  }
}

function summary(
  state: LocalState,
  { inboxUrl, operatorUrl, monitoringUrls }: Pages,
  signIn: string | null,
): string[] {
  const rows: [string, string][] = [
    ['Kafka', state.brokers],
    ['MongoDB', state.mongodb_uri],
  ];
  if (state.url !== null) {
    rows.unshift(['Console and API', state.url]);
    if (signIn !== null) rows.unshift(['Sign in', signIn]);
    if (operatorUrl !== null) rows.push(['Status', operatorUrl]);
    if (monitoringUrls !== null) rows.push(['Prometheus', monitoringUrls.prometheus]);
    if (monitoringUrls?.alertmanager) rows.push(['Alertmanager', monitoringUrls.alertmanager]);
    if (inboxUrl !== null) rows.push(['Demo inbox', inboxUrl]);
    rows.push(['Workspace', state.workspace_id], ['Admin key', state.admin_key]);
  }
  const lines = rows.map(([label, value]) => `  ${label.padEnd(16)} ${value}`);
  const once =
    signIn === null
      ? []
      : [
          '',
          'The link signs in once, within 15 minutes, and leads through the first steps; afterwards use the admin key.',
        ];
  const how =
    state.url === null ? [] : [...once, '', 'Publish an event:', '', demoCurl(state.url, state.admin_key)];
  return ['', 'Tidings is ready.', '', ...lines, ...how];
}
