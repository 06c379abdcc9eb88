import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  type DeliveryRequested,
  deliveryId,
  encodeSubscription,
  newEventId,
  newSubscriptionId,
  type SubscriptionId,
  type SubscriptionRecord,
  topics,
} from '@tidings/contracts';
import type { Bus, Producer } from '@tidings/kafka';
import { eventually, type Receiver, sharedBrokers } from '@tidings/testing';
import { expect, onTestFinished } from 'vitest';
import { deliveryGroup } from '../src/run-engine.ts';
import { aState, aSubscription, sealingKeys } from './builders.ts';

const mainFile = fileURLToPath(new URL('../../server/dist/src/main.js', import.meta.url));
const crashHook = new URL('../dist/test/crash-hook.js', import.meta.url).href;

/** Environment of the service, in this process or one of its own. */
export const deliveryEnv = {
  KAFKA_BROKERS: sharedBrokers().join(','),
  SEALING_KEYS: sealingKeys,
  DANGEROUSLY_ALLOWED_NETWORKS: '127.0.0.0/8',
  ALLOW_HTTP_ENDPOINTS: 'true',
  DELIVERY_PORT: '0',
} as const;

/**
 * The moment at which a process is killed: the brokers have acknowledged its first send to the topic with a
 * record of this key that contains this text, and the process has not handled the acknowledgement. Commands
 * that other tests left on the ladder pass through the same process.
 */
export type CrashPoint = Readonly<{ topic: string; key: string; text: string }>;

/** Starts the service in a process of its own and waits until it is ready. */
export const startProcess = async (crashPoint?: CrashPoint): Promise<ChildProcess> => {
  const hook = crashPoint === undefined ? [] : ['--import', crashHook];
  const child = spawn(process.execPath, [...hook, mainFile], {
    env: {
      ...{ SERVICES: 'delivery', LOG_LEVEL: 'info', ...deliveryEnv },
      ...(crashPoint && { STRIKE: JSON.stringify(crashPoint) }),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const url = await eventually(() => {
    const found =
      /"event":"service.started".*?"url":"([^"]+)"|"url":"([^"]+)".*?"event":"service.started"/.exec(output);
    const address = found?.[1] ?? found?.[2];
    if (address === undefined) throw new Error('not started yet');
    return address;
  });
  await eventually(async () => expect((await fetch(`${url}/ready`)).status).toBe(200), { timeoutMs: 30_000 });
  return child;
};

/** Skips the commands that other files left for this group. */
export const skipOldCommands = async (bus: Bus): Promise<void> => {
  const runner = await bus.runPartitions({
    group: deliveryGroup,
    topics: [topics.deliveries],
    decode: () => null,
    onBatch: ({ items }) => {
      for (const item of items) item.done();
    },
  });
  const isThrough = async () => {
    const lags = await bus.lag(deliveryGroup, [topics.deliveries]);
    if (runner.assigned().length === 0 || lags.some(({ lagRecords }) => lagRecords > 0n))
      throw new Error('not yet');
  };
  await eventually(isThrough);
  await runner.close({ drainMs: 0 });
};

/** A subscription in the topic, its endpoint, and commands for it. */
export type Subscribed = Readonly<{
  id: SubscriptionId;
  path: string;
  subscription: SubscriptionRecord;
  commands: (count: number) => DeliveryRequested[];
}>;

/** Publishes a subscription with the receiver's address, and builds commands for it. */
export const subscribeTo = async (
  producer: Producer,
  receiver: Pick<Receiver, 'url'>,
  overrides: Partial<SubscriptionRecord> = {},
): Promise<Subscribed> => {
  const id = overrides.id ?? newSubscriptionId(Date.now());
  const path = `/${id}`;
  const subscription = aSubscription({ ...overrides, id, endpointUrl: `${receiver.url}${path}` });
  await producer.publish({ topic: topics.subscriptions, ...encodeSubscription(subscription) });
  const commands = (count: number): DeliveryRequested[] =>
    Array.from({ length: count }, (_, n) => {
      const state = aState({
        subscriptionId: id,
        deliveryId: deliveryId(`dlv_${randomUUID().replaceAll('-', '')}`),
        eventId: newEventId(Date.now()),
        acceptedAtMs: Date.now(),
      });
      return { state, body: Buffer.from(`{"n":${n},"text":"a \u00e9 b"}`), traceparent: null };
    });
  return { id, path, subscription, commands };
};
