import { type DeliveryState, topics } from '@tidings/contracts';
import { CrashingProcess, createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { type FakeClock, fakeClock } from '@tidings/runtime/testing';
import { answered } from '@tidings/testing/messages';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aCommand, aSubscription, startMs } from '../test/builders.ts';
import { type Harness, type Sent, startHarness } from '../test/harness.ts';
import { randomFrom } from '../test/order-world.ts';

const commands = 60;
const seeds = Array.from({ length: 20 }, (_, at) => at + 1);

/** One endpoint, the processes that send to it one after the other, and every request by delivery and response. */
class Endpoint {
  readonly clock: FakeClock = fakeClock(startMs);
  readonly bus: MemoryBus = createMemoryBus({ clock: this.clock });
  readonly random: () => number;
  readonly requests: string[] = [];
  status = 200;

  constructor(seed: number) {
    this.random = randomFrom(seed);
  }

  get repeats(): number {
    return this.requests.length - new Set(this.requests).size;
  }

  /** Starts a process whose commits are lost: it crashes between its records and its commits. */
  async startCrashing(): Promise<Readonly<{ harness: Harness; kill: () => Promise<number> }>> {
    const crashing = new CrashingProcess(this.bus, this.clock, {
      delayMs: () => Math.floor(this.random() * 6),
      commitLagMs: 3_600_000,
      onDeath: () => {},
    });
    const harness = await this.#start(crashing.bus, (sent) => {
      if (crashing.step()) this.#take(sent);
    });
    const kill = async (): Promise<number> => {
      const { queue, unrecorded } = harness.opened.engine.dispatcher;
      const underWay = queue.inFlight + unrecorded;
      crashing.kill();
      await harness.stop();
      return underWay;
    };
    return { harness, kill };
  }

  async startAnother(): Promise<Harness> {
    return this.#start(this.bus, (sent) => this.#take(sent));
  }

  async #start(bus: MemoryBus, onSend: (sent: Sent) => void): Promise<Harness> {
    const env = { DELIVERY_DRAIN: '0' };
    return startHarness({ bus, brokers: this.bus, clock: this.clock, env, onSend, cleanUp: onTestFinished });
  }

  #take(sent: Sent): void {
    // The first attempts receive a different response than the second ones.
    this.requests.push(`${sent.body.toString()} ${this.status}`);
    const { status } = this;
    this.clock.setTimer(() => sent.answer(answered(status)), 2 + Math.floor(this.random() * 30));
  }
}

const numbered = (overrides: Partial<DeliveryState> = {}) =>
  Array.from({ length: commands }, (_, n) => aCommand(n, overrides));

const terminal = ({ attemptEvents }: Harness): number =>
  new Set(
    attemptEvents()
      .filter(({ next }) => next.kind !== 'retry')
      .map(({ deliveryId }) => deliveryId),
  ).size;

// Forty process starts and crashes take more than five seconds on a busy machine.
describe('the number of requests sent twice after a crash', { timeout: 60_000 }, () => {
  it('between record and commit is at most that of the requests in flight', async () => {
    let repeats = 0;
    let underWay = 0;
    for (const seed of seeds) {
      const endpoint = new Endpoint(seed);
      const { harness, kill } = await endpoint.startCrashing();
      await harness.register(aSubscription());
      await harness.publish(...numbered());
      await endpoint.clock.advance(20 + Math.floor(endpoint.random() * 60));
      const atDeath = await kill();
      const second = await endpoint.startAnother();
      await endpoint.clock.advance(5_000);
      expect(terminal(second)).toBe(commands);
      expect(endpoint.repeats).toBeLessThanOrEqual(atDeath);
      repeats += endpoint.repeats;
      underWay += atDeath;
    }
    expect(underWay).toBeGreaterThan(0);
    process.stdout.write(
      `delivery killed between record and commit, ${seeds.length} times ${commands} commands: ${repeats} sent twice, ${underWay} were in flight\n`,
    );
  });

  it('of the relay between produce and commit is at most that of the commands in flight, and the copies disappear', async () => {
    let repeats = 0;
    let underWay = 0;
    let copies = 0;
    for (const seed of seeds) {
      const endpoint = new Endpoint(seed);
      const { harness, kill } = await endpoint.startCrashing();
      await harness.register(aSubscription({ retryScheduleSeconds: [5, 5] }));
      // A 404 does not count against the endpoint: its breaker stays closed.
      endpoint.status = 404;
      await harness.publish(...numbered());
      // All have failed once and wait on the rung. Then the relay moves them, and crashes before it commits that.
      await endpoint.clock.advance(2_000);
      expect(harness.ladderCommands()).toHaveLength(commands);
      const before = new Map(endpoint.bus.commits('tidings-delivery-retry'));
      endpoint.status = 200;
      await endpoint.clock.advance(3_000 + Math.floor(endpoint.random() * 600));
      const atDeath = await kill();
      const group = endpoint.bus.commits('tidings-delivery-retry');
      group.clear();
      for (const [partition, offset] of before) group.set(partition, offset);
      const moved = endpoint.bus.records(topics.deliveries).length - commands;
      const second = await endpoint.startAnother();
      await endpoint.clock.advance(30_000);
      copies += endpoint.bus.records(topics.deliveries).length - 2 * commands;
      expect(terminal(second)).toBe(commands);
      expect(moved).toBeGreaterThan(0);
      expect(endpoint.repeats).toBeLessThanOrEqual(atDeath);
      // A duplicate chain would have returned from the rung.
      expect(second.ladderCommands().filter(({ command }) => command.state.attempt > 2)).toEqual([]);
      repeats += endpoint.repeats;
      underWay += atDeath;
    }
    process.stdout.write(
      `relay killed between produce and commit, ${seeds.length} times ${commands} commands: ${copies} forked commands, ${repeats} sent twice, ${underWay} were in flight\n`,
    );
    expect(copies).toBeGreaterThan(0);
  });
});
