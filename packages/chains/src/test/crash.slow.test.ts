import type { IncomingRecord, ReadRecordsOptions } from '@tidings/kafka';
import { describe, expect, it } from 'vitest';
import { batch, chain } from '../handlers/chain.ts';
import { type DefineStep, type Started, World } from '../test/world.ts';

const second = 1_000;
const events = 2;

/** A generator of numbers from 0 to 1 (mulberry32): the same for the same seed. */
const randomFrom = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
};

class Course {
  readonly world = new World();
  readonly #random: () => number;
  readonly #failed = new Set<string>();
  /** Keys of states that the owner of a partition wanted to read again, and that compaction had removed. */
  readonly #eaten: string[] = [];

  constructor(seed: number) {
    this.#random = randomFrom(seed);
    this.world.reads = async ({ positions }) => positions.map((position) => this.#readCompacted(position));
  }

  /** Reads as if the log was compacted in this moment: only the last record of a key is there. */
  #readCompacted({ partition, offset }: ReadRecordsOptions['positions'][number]): IncomingRecord | null {
    const { bus, own } = this.world;
    const log = bus.records(own.runLog).filter((record) => record.partition === partition);
    const record = log[Number(offset)];
    const { key = null } = record ?? {};
    if (!log.slice(Number(offset) + 1).some((later) => later.key === key)) return record ?? null;
    // A worker that was superseded may look for what its successor has removed.
    const epochs = log.flatMap((one) =>
      one.key?.startsWith('epoch/') ? [Number(one.key.split('/')[1])] : [],
    );
    if (key !== null && Number(key.split('/')[1]) === Math.max(...epochs)) this.#eaten.push(key);
    return null;
  }

  readonly handlers = (step: DefineStep) => {
    /** Fails at the first attempt of every second run. */
    const flaky = (name: string) =>
      step(
        name,
        (_input, { runId, attempt }) => {
          const isDue = Number.parseInt(runId.slice(-1), 16) % 2 === 0 && attempt === 1;
          if (isDue && !this.#failed.has(`${runId}/${name}`)) {
            this.#failed.add(`${runId}/${name}`);
            throw new Error('not yet');
          }
          return name;
        },
        { backoff: [5], tries: 6 },
      );
    return [
      {
        pattern: 'order.created',
        node: chain([
          flaky('mark'),
          batch([step('crm'), flaky('mail')], { allowFailures: true }),
          step('done'),
        ]),
        options: { orderBy: 'orderingKey' } as const,
      },
      {
        pattern: 'order.*',
        node: chain(
          [
            step('reserve', undefined, { compensate: () => this.world.calls.length }),
            step(
              'ship',
              () => {
                throw new Error('never');
              },
              { tries: 2, backoff: [3] },
            ),
          ],
          { onFailure: step('tell') },
        ),
      },
    ];
  };

  async start(crashAt?: number): Promise<Started> {
    return this.world.start({
      handlers: this.handlers,
      delayMs: () => Math.floor(this.#random() * 40),
      commitLagMs: Math.floor(this.#random() * 3_000),
      // Some read each state again before each attempt.
      ...(this.#random() < 0.5 && { stateBytes: 0 }),
      ...(crashAt !== undefined && { crashAt }),
    });
  }

  /** Starts the application for the first time: from now on no event is one from before. */
  async begin(): Promise<void> {
    const first = await this.world.start({ handlers: this.handlers });
    await first.worker.close();
    await this.world.remove(first);
  }

  async publish(count: number): Promise<void> {
    for (let number = 0; number < count; number += 1)
      await this.world.publish('order.created', { number }, { key: `key-${number % 3}` });
  }

  /** Lets time pass until every run has ended; a worker replaces those that have crashed. */
  async finish(total: number): Promise<void> {
    const { world } = this;
    for (let round = 0; round < 60 && this.ended < total; round += 1) {
      await world.clock.advance(5 * second);
      for (const started of [...world.running]) if (started.process.hasCrashed) await world.remove(started);
      if (world.running.length === 0) await this.start();
    }
  }

  get ended(): number {
    return this.world.runs().filter(({ endedAtMs }) => endedAtMs !== null).length;
  }

  /** Calls and ends that the guarantees forbid. */
  get violations(): unknown {
    const { world } = this;
    const runs = world.runs();
    return {
      eaten: this.#eaten,
      repeats: world.calls.filter(({ isRepeat }) => isRepeat),
      statuses: runs.map(({ handler, status }) => `${handler} ${status}`).toSorted(),
      keys: world.calls.filter(({ runId, step, idempotencyKey }) => idempotencyKey !== `${runId}/${step}`),
    };
  }
}

const expected = (count: number): unknown => ({
  eaten: [],
  repeats: [],
  statuses: [
    ...Array.from({ length: count }, () => 'order.all failed'),
    ...Array.from({ length: count }, () => 'order.created completed'),
  ],
  keys: [],
});

describe('a worker that crashes at any boundary (each send, acknowledgement and call of a step)', () => {
  it.each([1])(
    'loses no run, and runs no step again whose success was recorded (seed %i)',
    async (seed) => {
      const undisturbed = new Course(seed);
      await undisturbed.begin();
      const first = await undisturbed.start();
      await undisturbed.publish(events);
      await undisturbed.finish(2 * events);
      expect(undisturbed.violations).toEqual(expected(events));
      const boundaries = first.process.steps;
      expect(boundaries).toBeGreaterThan(40);
      for (let at = 1; at <= boundaries; at += 1) {
        const course = new Course(seed);
        await course.begin();
        await course.start(at);
        await course.publish(events);
        await course.finish(2 * events);
        expect({ at, found: course.violations }).toEqual({ at, found: expected(events) });
      }
      process.stdout.write(`chains: crashed at ${boundaries} boundaries (seed ${seed})\n`);
    },
    240_000,
  );
});

describe('workers that crash, come, go, and lose their group without noticing', () => {
  it.each([
    { seed: 1, rounds: 40 },
    { seed: 2, rounds: 40 },
    { seed: 3, rounds: 160 },
  ])(
    'lose no run, and run no step again whose success was recorded ($rounds rounds, seed $seed)',
    async ({ seed, rounds }) => {
      const random = randomFrom(1_000 + seed);
      const course = new Course(seed);
      const { world } = course;
      const total = rounds / 4;
      await course.begin();
      await course.start();
      for (let round = 0; round < rounds; round += 1) {
        if (round % 4 === 0) await course.publish(1);
        await world.clock.advance(Math.floor(random() * 2 * second));
        const dice = random();
        const chosen = world.running[Math.floor(random() * world.running.length)];
        if (chosen !== undefined && (chosen.process.hasCrashed || dice < 0.25)) await world.remove(chosen);
        if (world.running.length === 0 || (dice > 0.7 && world.running.length < 3))
          await course.start(dice > 0.85 ? 5 + Math.floor(random() * 150) : undefined);
      }
      await course.finish(2 * total);
      expect(course.violations).toEqual(expected(total));
    },
    120_000,
  );
});
