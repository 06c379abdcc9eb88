import { replayChainOf, type SubscriptionRecord } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { aSubscription, startMs } from '../../test/builders.ts';
import { violations, World, type WorldOptions } from '../../test/order-world.ts';

const orderings = ['key', 'subscription'] as const;
type Ordering = (typeof orderings)[number];

const subscriptionOf = (ordering: Ordering, retryScheduleSeconds: readonly number[]): SubscriptionRecord =>
  aSubscription({ ordering, retryScheduleSeconds, maxInFlight: 10 });

const worldOf = (ordering: Ordering, options: Omit<WorldOptions, 'isOneQueue'>): World =>
  new World({ ...options, isOneQueue: ordering === 'subscription' });

const expectOrder = (world: World): void => {
  expect(violations(world.happenings)).toEqual([]);
  expect(world.ended).toBe(world.total);
};

/** Advances the clock until all events have ended, removing and replacing crashed processes. */
const finish = async (world: World): Promise<void> => {
  for (let round = 0; round < 300 && world.ended < world.total; round += 1) {
    // A breaker may stay open for minutes.
    await world.clock.advance(round < 150 ? 400 : 10_000);
    await world.deadLetter();
    if (world.running.length === 0) await world.startOne();
  }
};

const small = {
  keys: 2,
  eventsPerKey: 4,
  // Long enough that queues are persisted while their heads are in progress.
  answerMs: (random: () => number) => (random() < 0.3 ? 12_000 : 20),
  fails: (random: () => number) => random() < 0.4,
};

type Course = Readonly<{ seed: number; backlog: number; isHeld?: true }>;

const chain = replayChainOf({ jobId: `job_${'1'.repeat(32)}`, createdAtMs: startMs });

/** The first half of the events is a replay that holds the second half, which is live and published in between. */
const publishHeld = async (world: World): Promise<void> => {
  const replayed = { chain, trigger: 'replay' } as const;
  const [quarter, half] = [small.eventsPerKey / 4, small.eventsPerKey / 2];
  await world.hold('held', chain);
  await world.publish(0, quarter, replayed);
  await world.publish(half, half + quarter);
  await world.publish(quarter, half, replayed);
  await world.hold('ending', chain);
  await world.publish(half + quarter, small.eventsPerKey);
};

/** Runs one process that crashes at its nth boundary, and another that takes over. */
const crashAt = async (ordering: Ordering, course: Course, step?: number): Promise<World> => {
  const { seed, backlog, isHeld = false } = course;
  const world = worldOf(ordering, { ...small, seed });
  await world.register(subscriptionOf(ordering, [2, 9]));
  if (isHeld) await publishHeld(world);
  else await world.publish(0, small.eventsPerKey / 2);
  const env = { DELIVERY_MAX_ORDERED_BACKLOG: String(backlog) };
  await world.startOne(step === undefined ? { env } : { crashAt: step, env });
  await world.clock.advance(6_000);
  if (!isHeld) await world.publish(small.eventsPerKey / 2, small.eventsPerKey);
  await finish(world);
  return world;
};

describe('a process that crashes at any boundary (each send, acknowledgement, request and response)', () => {
  it.each(orderings)(
    'keeps the order of a %s',
    async (ordering) => {
      let boundaries = 0;
      const courses: readonly Course[] = [
        { seed: 1, backlog: 100 },
        { seed: 2, backlog: 100 },
        { seed: 3, backlog: 3 },
        { seed: 4, backlog: 3 },
        { seed: 5, backlog: 100, isHeld: true },
      ];
      for (const course of courses) {
        const undisturbed = await crashAt(ordering, course);
        expectOrder(undisturbed);
        const steps = undisturbed.running[0]?.process.steps ?? 0;
        expect(steps).toBeGreaterThan(20);
        for (let step = 1; step <= steps; step += 1) {
          const world = await crashAt(ordering, course, step);
          const { ended, happenings, total } = world;
          const found = violations(happenings);
          expect({ step, course, found, ended }).toEqual({ step, course, found: [], ended: total });
          boundaries += 1;
        }
      }
      process.stdout.write(`order by ${ordering}: died at ${boundaries} boundaries\n`);
    },
    120_000,
  );
});

const large = {
  keys: 4,
  eventsPerKey: 25,
  answerMs: (random: () => number) => (random() < 0.1 ? 4_000 : Math.floor(random() * 60)),
};

/** Crashes processes at random boundaries and lets them lose their group unnoticed, one to three at a time. */
const disturb = async (ordering: Ordering, seed: number): Promise<World> => {
  let failureRate = 0.35;
  const world = worldOf(ordering, { ...large, seed, fails: (random) => random() < failureRate });
  await world.register(subscriptionOf(ordering, [1, 2, 3]));
  await world.startOne();
  for (let number = 0; number < large.eventsPerKey; number += 5) {
    await world.publish(number, number + 5);
    await world.clock.advance(700);
  }
  for (let round = 0; round < 400 && world.ended < world.total; round += 1) {
    const isCalm = round > 60;
    if (isCalm) failureRate = 0.05;
    await world.clock.advance(Math.floor(world.random() * 4_000));
    await world.deadLetter();
    const dice = world.random();
    const at = Math.floor(world.random() * world.running.length);
    if (!isCalm && dice < 0.2) await world.deadLetter(at);
    else if (!isCalm && dice < 0.35) await world.running[at]?.process.loseGroup();
    if (world.running.length === 0 || (dice > 0.75 && world.running.length < 3)) {
      await world.startOne(isCalm ? {} : { crashAt: 5 + Math.floor(world.random() * 300) });
    }
  }
  return world;
};

describe('order through failures, kills, rebalances and changing numbers of processes', () => {
  const seeds = [1, 2, 3, 4, 5, 6];

  it.each(seeds)('of each key (seed %i)', async (seed) => expectOrder(await disturb('key', seed)), 60_000);

  it.each(seeds)(
    'of a whole subscription (seed %i)',
    async (seed) => expectOrder(await disturb('subscription', 100 + seed)),
    60_000,
  );
});
