import { encodeDelivery, encodeSubscription, type SubscriptionRecord, topics } from '@tidings/contracts';
import { createMemoryBus, type MemoryBus } from '@tidings/kafka';
import { type FakeClock, fakeClock } from '@tidings/runtime';
import { describe, expect, it, onTestFinished } from 'vitest';
import { answered, failed } from '../test/answers.ts';
import { aCommand, aSubscription, startMs } from '../test/builders.ts';
import { type Harness, type Sent, startHarness } from '../test/harness.ts';
import { type MortalBus, mortal } from '../test/mortal-bus.ts';

/** mulberry32: a small generator with a seed, so that a failure can be repeated. */
const randomFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
};

const keys = 4;
const eventsPerKey = 25;

type Happening = Readonly<{ kind: 'seen' | 'succeeded' | 'dead'; key: string; number: number }>;

/** An endpoint that fails at random, processes that are killed at random, and a record of what anyone could see. */
class World {
  readonly clock: FakeClock = fakeClock(startMs);
  readonly bus: MemoryBus = createMemoryBus({ clock: this.clock });
  readonly happenings: Happening[] = [];
  readonly random: () => number;
  readonly #running: { mortal: MortalBus; harness: Harness }[] = [];
  readonly #names = new Map<string, Readonly<{ key: string; number: number }>>();
  failureRate = 0.35;

  constructor(seed: number) {
    this.random = randomFrom(seed);
  }

  async publish(subscription: SubscriptionRecord): Promise<void> {
    const producer = await this.bus.producer();
    await producer.publish({ topic: topics.subscriptions, ...encodeSubscription(subscription) });
    for (let number = 0; number < eventsPerKey; number += 1) {
      for (let key = 0; key < keys; key += 1) {
        const orderingKey = `key-${key}`;
        const command = aCommand(key * 1_000 + number, { orderingKey });
        this.#names.set(command.state.deliveryId, { key: orderingKey, number });
        await producer.publish({ topic: topics.deliveries, ...encodeDelivery(command) });
      }
      if (number % 5 === 0) await this.clock.advance(700);
    }
  }

  async startOne(): Promise<void> {
    const process = mortal(this.bus, this.clock, (topic, key) => this.#onPublish(topic, key));
    const harness = await startHarness({
      bus: process.bus,
      clock: this.clock,
      env: { DELIVERY_DRAIN: '0', DELIVERY_MAX_HELD_BODY_BYTES: this.random() < 0.5 ? '0' : '4000' },
      onSend: (sent) => this.#answer(sent),
      cleanUp: onTestFinished,
    });
    this.#running.push({ mortal: process, harness });
  }

  async killOne(): Promise<void> {
    const at = Math.floor(this.random() * this.#running.length);
    const [victim] = this.#running.splice(at, 1);
    victim?.mortal.kill();
    await victim?.harness.stop();
  }

  get processes(): number {
    return this.#running.length;
  }

  get ended(): number {
    return new Set(
      this.happenings.filter(({ kind }) => kind !== 'seen').map(({ key, number }) => `${key} ${number}`),
    ).size;
  }

  #happened(kind: Happening['kind'], deliveryId: string): void {
    const name = this.#names.get(deliveryId);
    if (name !== undefined) this.happenings.push({ kind, ...name });
  }

  #onPublish(topic: string, _key: string | null): void {
    if (topic === topics.deadLetters.name) this.#deadLettersMayCome = true;
  }

  #deadLettersMayCome = false;
  #deadSeen = 0;

  /** Dead letters as they come: an exhausted head frees the next one. */
  noteDeadLetters(): void {
    if (!this.#deadLettersMayCome) return;
    const records = this.bus.records(topics.deadLetters);
    for (const record of records.slice(this.#deadSeen)) {
      const { state } = JSON.parse(record.headers['tidings-dead-letter'] ?? '') as {
        state: { deliveryId: string };
      };
      this.#happened('dead', state.deliveryId);
    }
    this.#deadSeen = records.length;
  }

  #answer(sent: Sent): void {
    this.noteDeadLetters();
    const id = sent.headers['webhook-id'] ?? '';
    this.#happened('seen', id);
    const fails = this.random() < this.failureRate;
    const answer = (): void => {
      if (!fails) this.#happened('succeeded', id);
      sent.answer(fails ? (this.random() < 0.5 ? answered(500) : failed('timeout')) : answered(200));
    };
    const delayMs = this.random() < 0.1 ? 4_000 : Math.floor(this.random() * 60);
    this.clock.setTimer(answer, delayMs);
  }
}

/** The first sight of an event must come after the end of the one before it. */
const violations = (happenings: readonly Happening[]): string[] => {
  const ended = new Set<string>();
  const seen = new Set<string>();
  const found: string[] = [];
  for (const { kind, key, number } of happenings) {
    const name = `${key} ${number}`;
    if (kind !== 'seen') ended.add(name);
    else if (!seen.has(name)) {
      seen.add(name);
      if (number > 0 && !ended.has(`${key} ${number - 1}`))
        found.push(`${name} before the end of ${number - 1}`);
    }
  }
  return found;
};

const asOneLine = (happenings: readonly Happening[]): Happening[] => {
  const keyNumber = (key: string) => Number(key.slice('key-'.length));
  return happenings.map(({ kind, key, number }) => ({
    kind,
    key: 'all',
    number: number * keys + keyNumber(key),
  }));
};

const run = async (seed: number, subscription: SubscriptionRecord): Promise<World> => {
  const world = new World(seed);
  await world.startOne();
  await world.publish(subscription);
  for (let round = 0; round < 400 && world.ended < keys * eventsPerKey; round += 1) {
    if (round > 60) world.failureRate = 0.05;
    await world.clock.advance(Math.floor(world.random() * 4_000));
    world.noteDeadLetters();
    const dice = world.random();
    if (round <= 60 && dice < 0.3 && world.processes > 0) await world.killOne();
    if (world.processes === 0 || (dice > 0.75 && world.processes < 3)) await world.startOne();
  }
  return world;
};

const seeds = [1, 2, 3, 4, 5, 6];
const schedule = { retryScheduleSeconds: [1, 2, 3], maxInFlight: 10 };

describe('order through failures, kills, rebalances and changing numbers of processes', () => {
  it.each(seeds)(
    'of each key (seed %i)',
    async (seed) => {
      const world = await run(seed, aSubscription({ ...schedule, ordering: 'key' }));
      expect(violations(world.happenings)).toEqual([]);
      expect(world.ended).toBe(keys * eventsPerKey);
    },
    60_000,
  );

  it.each(seeds)(
    'of a whole subscription (seed %i)',
    async (seed) => {
      const world = await run(100 + seed, aSubscription({ ...schedule, ordering: 'subscription' }));
      expect(violations(asOneLine(world.happenings))).toEqual([]);
      expect(world.ended).toBe(keys * eventsPerKey);
    },
    60_000,
  );
});
