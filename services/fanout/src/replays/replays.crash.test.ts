import { type DeliveryState, subscriptionId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { eventually } from '@tidings/testing';
import { expect, it } from 'vitest';
import { anEvent, aSubscription } from '../../test/builders.ts';
import { aSpec, type Gate, replayWorld } from '../../test/replay-world.ts';

const partitions = 3;
const eventCount = 180;
// At most one batch and the events of the batches that were not reported yet.
const maxRepeated = 50;

const toOne = { kind: 'subscription', subscriptionId: subscriptionId('sub_1') } as const;

const aWorld = async () => {
  const world = await replayWorld(
    ...['1', '2'].map((n) => aSubscription({ id: subscriptionId(`sub_${n}`), events: ['*'] })),
  );
  for (let n = 0; n < eventCount; n += 1) await world.publish(n, anEvent(n), { partition: n % partitions });
  return world;
};

/** Ends the connection of an instance at its nth publish: before it was written, or after, without an answer. */
const crashAt = (nth: number, isWritten: boolean, onCrash: () => void): Gate => {
  let publishes = 0;
  return async (_, publish) => {
    publishes += 1;
    if (publishes < nth || (publishes === nth && isWritten)) await publish();
    if (publishes < nth) return;
    onCrash();
    throw new AppError({ code: 'closed', message: 'crashed' });
  };
};

const orderOf = (states: readonly DeliveryState[], subscription: string, partition: number) => {
  const first = new Set<string>();
  for (const { eventId, subscriptionId: to } of states) if (to === subscription) first.add(eventId);
  return [...first].map((id) => Number.parseInt(id.slice(4), 16)).filter((n) => n % partitions === partition);
};

it.each([
  ['to all', aSpec(), 2],
  ['that holds live events', aSpec({ target: toOne, holdLive: true }), 1],
] as const)(
  'a replay %s continues after a crash at any publish: nothing is missing, little is repeated, and with the same ids',
  async (_, spec, copies) => {
    const undisturbed = await aWorld();
    let publishes = 0;
    await undisturbed.startInstance(async (_, publish) => {
      publishes += 1;
      await publish();
    });
    await undisturbed.order(spec);
    await eventually(() => expect(undisturbed.progress()).toMatchObject({ state: 'done' }));
    const wanted = new Set(undisturbed.deliveryIds());
    expect(wanted.size).toBe(eventCount * copies);
    expect(publishes).toBeGreaterThan(6);

    let repeated = 0;
    for (let nth = 1; nth <= publishes; nth += 1) {
      for (const isWritten of [false, true]) {
        const world = await aWorld();
        let crash = () => {};
        const crashed = new Promise<void>((resolve) => (crash = resolve));
        const victim = await world.startInstance(crashAt(nth, isWritten, crash));
        await world.order(spec);
        await crashed;
        await victim.close();
        await world.startInstance();
        await eventually(() => expect(world.progress()).toMatchObject({ state: 'done' }));
        const states = world.commands();
        // Counted once, whatever was repeated.
        expect(world.progress()?.counts).toMatchObject({ matched: wanted.size, sent: wanted.size });
        expect(new Set(world.deliveryIds())).toEqual(wanted);
        expect(new Set(states.map(({ chain, trigger }) => `${chain} ${trigger}`)).size).toBe(1);
        expect(states.length - wanted.size).toBeLessThanOrEqual(maxRepeated);
        repeated += states.length - wanted.size;
        if (spec.holdLive) {
          // No command is outside the hold, which ends once, behind all of them.
          expect(world.steps()[0]).toBe('held');
          expect(world.steps().findLast((step) => step !== 'command')).toBe('ending');
          expect(world.steps().at(-1)).toBe('ending');
        }
        for (const subscription of ['sub_1', 'sub_2']) {
          for (let partition = 0; partition < partitions; partition += 1) {
            const order = orderOf(states, subscription, partition);
            expect(order).toEqual(order.toSorted((a, b) => a - b));
          }
        }
      }
    }
    // The crashes did happen in the middle of the work.
    expect(repeated).toBeGreaterThan(0);
  },
);
