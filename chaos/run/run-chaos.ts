import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FaultInjector } from '../faults/fault-injector.ts';
import {
  type FaultTargets,
  isBroker,
  isSystemFault,
  type PlannedFault,
  planFaults,
} from '../faults/plan-faults.ts';
import type { SmallDisk } from '../faults/small-disk.ts';
import { HistoryWriter } from '../history/history-writer.ts';
import { type Origin, publishUntil } from '../load/publisher.ts';
import { Receiver } from '../load/receiver.ts';
import { Subscriptions } from '../load/subscriptions.ts';
import { WebhookSender } from '../load/webhook-sender.ts';
import { ChaosApi } from './chaos-api.ts';
import { prepareClocks } from './clocks.ts';
import { collectRecords } from './collect.ts';
import { type Networks, openNetworks } from './networks.ts';
import type { ChaosOptions } from './options.ts';
import { randomOf } from './random.ts';
import { ended, settle } from './settle.ts';
import { mountDisks } from './small-disks.ts';
import { type LocalStack, StackProcess } from './stack-process.ts';

/** DELIVERY_CONCURRENCY: what one process has in flight at most, and what a kill can therefore repeat. */
const inFlightLimit = 256;
/** Webhooks that a provider sends again at the end. */
const repeatedWebhooks = 100;
const settleWithinMs = 600_000;

export type Run = Readonly<{
  options: ChaosOptions;
  /** The folder of history and logs. */
  folder: string;
  print: (line: string) => void;
  /** Ends the run early, in order. */
  signal: AbortSignal;
}>;

/** The processes of a stack by the name of one of the services in each. */
const targetsOf = ({ pids }: LocalStack, disks: Parts['disks']): FaultTargets => {
  const names = Object.keys(pids);
  const brokers = names.filter((name) => name.startsWith('broker-'));
  const others = names.filter(
    (name) => name !== 'stack' && name !== 'mongodb' && !name.startsWith('broker-'),
  );
  const [service, ...services] = [...new Map(others.map((name) => [pids[name], name])).values()];
  if (service === undefined) throw new Error('local.json names no service');
  const spools = [...disks.keys()].filter((name) => !isBroker(name));
  return {
    services: [service, ...services],
    brokers,
    mongodb: 'mongodb',
    hasSmallDisks: disks.size > 0,
    spools,
  };
};

/** Waits until a time, or until the signal ends the wait. */
const pauseUntil = async (time: number, signal: AbortSignal): Promise<void> => {
  await pause(Math.max(0, time - Date.now()), undefined, { signal }).catch(() => undefined);
};

const faultText = (planned: PlannedFault): string => {
  if (!isSystemFault(planned)) return planned.fault;
  const { fault, target, forMs, amountMs } = planned;
  return [
    fault,
    target,
    ...(amountMs === 0 ? [] : [`by ${amountMs} ms`]),
    ...(forMs === 0 ? [] : [`for ${forMs} ms`]),
  ].join(' ');
};

type Breaking = Readonly<{
  run: Run;
  plan: readonly PlannedFault[];
  faults: FaultInjector;
  subscriptions: Subscriptions;
  startedAt: number;
}>;

const breakThings = async ({ run, plan, faults, subscriptions, startedAt }: Breaking): Promise<void> => {
  const acting: Promise<void>[] = [];
  for (const planned of plan) {
    await pauseUntil(startedAt + planned.atMs, run.signal);
    if (run.signal.aborted) break;
    run.print(`${(planned.atMs / 1_000).toFixed(1).padStart(7)} s  ${faultText(planned)}`);
    if (isSystemFault(planned)) await faults.inject(planned);
    else {
      const act = subscriptions.act(planned, startedAt);
      // Its failure is reported when all are awaited.
      act.catch(() => undefined);
      acting.push(act);
    }
  }
  await pauseUntil(startedAt + run.options.minutes * 60_000, run.signal);
  faults.end();
  await Promise.all(acting);
};

const judgeApart = (file: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const program = fileURLToPath(new URL('../checker/main.js', import.meta.url));
    const child = spawn(process.execPath, [program, file], { stdio: 'inherit' });
    child.once('error', reject);
    child.once('close', (code) => resolve(code ?? 1));
  });

const argsOf = ({ brokers, instances }: ChaosOptions): string[] => [
  ...['--brokers', String(brokers), '--restart-brokers'],
  ...(instances > 1 ? ['--instances', String(instances)] : []),
];

type Parts = Readonly<{
  history: HistoryWriter;
  receiver: Receiver;
  stack: StackProcess;
  faults: FaultInjector;
  networks: Networks;
  disks: ReadonlyMap<string, SmallDisk>;
  sender: WebhookSender;
}>;

/** Publishes while the plan is carried out. Resolves when every event that was sent is accepted. */
const publishAndBreak = async (run: Run, parts: Parts, origin: Origin): Promise<void> => {
  const { options, folder, print } = run;
  const { history, receiver, stack, faults, networks, disks, sender } = parts;
  const api = new ChaosApi({ ...origin, signal: run.signal });
  const receiverUrl = await networks.joinEndpoints(await receiver.listen());
  const subscriptions = new Subscriptions({
    api,
    history,
    random: randomOf(options.seed + 2),
    receiverUrl,
    eventsPerSecond: options.rate,
  });
  await subscriptions.create(receiver);
  const local = await stack.local();
  await sender.create(api, local.services);
  const targets = targetsOf(local, disks);
  const plan = planFaults({ random: randomOf(options.seed), minutes: options.minutes, targets });
  print(
    `${plan.length} faults and actions over ${options.minutes} min, seed ${options.seed}; history and logs in ${folder}`,
  );
  const stopPublishing = new AbortController();
  const { seed, rate } = options;
  const publishing = publishUntil({
    ...{ origin, history, random: randomOf(seed + 3), seed, rate },
    ...{ signal: stopPublishing.signal, giveUp: run.signal },
  });
  const breaking = breakThings({ run, plan, faults, subscriptions, startedAt: Date.now() });
  // Whichever fails first ends the run. While nothing has failed, publishing lasts longer.
  breaking.then(() => stopPublishing.abort()).catch(() => undefined);
  await Promise.all([breaking, publishing, sender.sendUntil(stopPublishing.signal)]);
};

/** Waits for the end of every delivery, redrives the dead letters to endpoints that work again, and reads the system's own records. */
const finish = async (
  { print, signal }: Run,
  { history, receiver, sender }: Parts,
  origin: Origin,
): Promise<void> => {
  const api = new ChaosApi({ ...origin, signal });
  const onProgress = (text: string): void => print(`           ${text}`);
  print(sender.summary);
  print(
    `${history.count('accepted')} events accepted, ${receiver.received} requests received; waiting for the rest`,
  );
  await settle({ api, withinMs: settleWithinMs, onProgress });
  await sender.repeat(repeatedWebhooks);
  receiver.heal();
  print('the endpoints work again: redriving every dead letter');
  history.write({ kind: 'manual', action: 'redrive', at: Date.now(), subscription: null });
  const job = await api.request('POST', '/v1/webhooks/dead-letters/redrive', { all: true });
  await ended(api, String(job['id']));
  await settle({ api, withinMs: settleWithinMs, onProgress });
  for (const record of await collectRecords(api)) history.write(record);
};

/** Runs the suite once. Returns the exit code of the checker: 0 if every rule was kept; 130 if the signal has ended it. */
export const runChaos = async ({ signal: interrupted, ...given }: Run): Promise<number> => {
  const { options, folder } = given;
  // Whatever is still under way when the run has failed ends with it.
  const over = new AbortController();
  const run = { ...given, signal: AbortSignal.any([interrupted, over.signal]) };
  const file = join(folder, 'history.ndjson');
  const history = new HistoryWriter(file);
  const receiver = new Receiver(history, randomOf(options.seed + 1));
  const networks = await openNetworks(options);
  const { clockFolder, env: clockSettings } = await prepareClocks(folder);
  const env = {
    ...networks.env,
    ...clockSettings,
    // A long cut of the network is more than 100 failures in a row, and a disabled subscription receives nothing.
    SUBSCRIPTION_DISABLE_AFTER_FAILURES: '0',
  };
  const disks = mountDisks(options, folder, given.print);
  const stack = new StackProcess({ folder, portBase: options.portBase, args: argsOf(options), env });
  const faults = new FaultInjector({ stack, history, networks: networks.byTarget, disks, clockFolder });
  const { seed, rate } = options;
  const sender = new WebhookSender({ history, random: randomOf(seed + 4), seed, rate, giveUp: run.signal });
  const parts = { history, receiver, stack, faults, networks, disks, sender };
  try {
    const local = await stack.ready(run.signal);
    const origin = { url: local.url, key: local.admin_key };
    history.write({ kind: 'run', seed: options.seed, at: Date.now(), inFlightLimit });
    await publishAndBreak(run, parts, origin);
    await finish(run, parts, origin);
  } catch (error) {
    if (!interrupted.aborted) throw error;
    return 130;
  } finally {
    over.abort();
    faults.end();
    await stack.stop();
    for (const disk of disks.values()) disk.unmount();
    networks.close();
    receiver.close();
    await history.close();
  }
  return judgeApart(file);
};
