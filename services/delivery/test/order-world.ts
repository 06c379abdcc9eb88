import {
  type DeliveryState,
  decodeDeadLetter,
  encodeDelivery,
  encodeLiveHoldChanged,
  encodeSubscription,
  type LiveHoldChanged,
  type SubscriptionRecord,
  subscriptionId,
  topics,
} from '@tidings/contracts';
import { CrashingProcess, createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import { answered, failed } from '@tidings/testing/messages';
import { onTestFinished } from 'vitest';
import { aCommand, startMs } from './builders.ts';
import { type Harness, type Sent, startHarness } from './harness.ts';

/** mulberry32: a small seeded generator, so that a failure can be reproduced. */
export const randomFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
};

/** The externally observable steps of an event: a request for it, its success, or its dead letter. */
export type Happening = Readonly<{ kind: 'seen' | 'succeeded' | 'dead'; key: string; number: number }>;

/**
 * Returns the first requests that came before the success or exhaustion of an
 * earlier event. Empty when the order held.
 */
export const violations = (happenings: readonly Happening[]): string[] => {
  const ended = new Set<string>();
  const seen = new Set<string>();
  /** By key: all events up to this number have ended. */
  const endedTo = new Map<string, number>();
  const found: string[] = [];
  for (const { kind, key, number } of happenings) {
    const name = `${key} ${number}`;
    let next = endedTo.get(key) ?? 0;
    if (kind !== 'seen') {
      ended.add(name);
      while (ended.has(`${key} ${next}`)) next += 1;
      endedTo.set(key, next);
    } else if (!seen.has(name)) {
      seen.add(name);
      if (number > next) found.push(`${name} before the end of ${next}`);
    }
  }
  return found;
};

export type WorldOptions = Readonly<{
  seed: number;
  keys: number;
  eventsPerKey: number;
  /** The next event of the whole subscription, not of a key, is the one that must wait. */
  isOneQueue: boolean;
  /** Milliseconds until the endpoint responds. */
  answerMs: (random: () => number) => number;
  fails: (random: () => number) => boolean;
}>;

export type ProcessOptions = Readonly<{ crashAt?: number; env?: Readonly<Record<string, string>> }>;

type Running = Readonly<{ process: CrashingProcess; harness: Harness }>;

/** An endpoint that fails, processes that crash, and a record of all observable steps. */
export class World {
  readonly clock: FakeClock = fakeClock(startMs);
  readonly bus: MemoryBus = createMemoryBus({ clock: this.clock });
  readonly happenings: Happening[] = [];
  readonly random: () => number;
  readonly running: Running[] = [];
  readonly #options: WorldOptions;
  readonly #names = new Map<string, Readonly<{ key: string; number: number }>>();
  #deadSeen = 0;
  requests = 0;
  /** Requests in flight in processes at the time of their crash. */
  inFlightAtDeath = 0;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.random = randomFrom(options.seed);
  }

  get total(): number {
    return this.#options.keys * this.#options.eventsPerKey;
  }

  get ended(): number {
    this.recordDeadLetters();
    const ends = this.happenings.filter(({ kind }) => kind !== 'seen');
    return new Set(ends.map(({ key, number }) => `${key} ${number}`)).size;
  }

  async register(subscription: SubscriptionRecord): Promise<void> {
    const producer = await this.bus.producer();
    await producer.publish({ topic: topics.subscriptions, ...encodeSubscription(subscription) });
  }

  /** Changes the hold of a replay on the live commands. */
  async hold(state: LiveHoldChanged['state'], chain: number): Promise<void> {
    const producer = await this.bus.producer();
    const changed = {
      type: 'LiveHoldChanged.v1',
      subscriptionId: subscriptionId('sub_a'),
      chain,
      state,
    } as const;
    await producer.publish({ topic: topics.deliveries, ...encodeLiveHoldChanged(changed) });
  }

  /** Publishes the events with these numbers of every key; an event must not be sent before the end of earlier ones. */
  async publish(from: number, to: number, overrides: Partial<DeliveryState> = {}): Promise<void> {
    const producer = await this.bus.producer();
    const { keys, isOneQueue } = this.#options;
    for (let number = from; number < to; number += 1) {
      for (let key = 0; key < keys; key += 1) {
        const orderingKey = `key-${key}`;
        const command = aCommand(key * 1_000 + number, { orderingKey, ...overrides });
        const name = isOneQueue ? { key: 'all', number: number * keys + key } : { key: orderingKey, number };
        this.#names.set(command.state.deliveryId, name);
        const position = await producer.publish({ topic: topics.deliveries, ...encodeDelivery(command) });
        // Mostly the fanout of the newest process has written it, else one elsewhere.
        if (this.random() < 0.9) this.running.at(-1)?.process.handOver([position]);
      }
    }
  }

  async startOne({ crashAt, env }: ProcessOptions = {}): Promise<CrashingProcess> {
    let inFlight = 0;
    const process: CrashingProcess = new CrashingProcess(this.bus, this.clock, {
      // Most are quick; a slow one lets commits and sends of other processes overtake it.
      delayMs: () => (this.random() < 0.1 ? 900 : Math.floor(this.random() * 4)),
      commitLagMs: this.random() < 0.5 ? 0 : 400,
      ...(crashAt === undefined ? {} : { crashAt }),
      onDeath: () => {
        this.inFlightAtDeath += inFlight;
      },
    });
    const onSend = (sent: Sent): void => {
      if (!process.step()) return;
      inFlight += 1;
      this.#answer(sent, () => {
        inFlight -= 1;
        return process.step();
      });
    };
    const harness = await startHarness({
      bus: process.bus,
      clock: this.clock,
      env: { DELIVERY_DRAIN: '0', DELIVERY_MAX_HELD_BODY_BYTES: this.random() < 0.5 ? '0' : '4000', ...env },
      onSend,
      cleanUp: onTestFinished,
    });
    this.running.push({ process, harness });
    return process;
  }

  /** Removes crashed processes, or kills the one at index `at`. */
  async deadLetter(at?: number): Promise<void> {
    const victim = at === undefined ? this.running.findIndex(({ process }) => process.hasCrashed) : at;
    const [dead] = this.running.splice(victim, victim < 0 ? 0 : 1);
    dead?.process.kill();
    await dead?.harness.stop();
  }

  /** Records dead letters as they are written: an exhausted head unblocks the next entry. */
  recordDeadLetters(): void {
    const records = this.bus.records(topics.deadLetters);
    // All existing dead letters precede the next step, whatever their partition: one subscription has one partition.
    for (const record of records.slice(this.#deadSeen)) {
      const { deadLetter } = decodeDeadLetter(record);
      if (deadLetter.type === 'DeliveryDeadLettered.v1') this.#happened('dead', deadLetter.state.deliveryId);
    }
    this.#deadSeen = records.length;
  }

  #happened(kind: Happening['kind'], deliveryId: string): void {
    const name = this.#names.get(deliveryId);
    if (name !== undefined) this.happenings.push({ kind, ...name });
  }

  #answer(sent: Sent, isHeard: () => boolean): void {
    this.recordDeadLetters();
    const id = sent.headers['webhook-id'] ?? '';
    this.#happened('seen', id);
    this.requests += 1;
    const { fails, answerMs } = this.#options;
    const isFailure = fails(this.random);
    const isTimeout = isFailure && this.random() < 0.3;
    this.clock.setTimer(() => {
      if (!isFailure) this.#happened('succeeded', id);
      if (isHeard()) sent.answer(isTimeout ? failed('timeout') : answered(isFailure ? 500 : 200));
    }, answerMs(this.random));
  }
}
