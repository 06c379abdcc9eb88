import {
  deriveDeliveryId,
  encodeDelivery,
  encodeOrderingEntry,
  ladder,
  subscriptionId,
  topics,
} from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { aDeliveryState } from '@tidings/testing/messages';
import { describe, expect, it } from 'vitest';
import { anEvent, aSubscription } from '../../test/builders.ts';
import { aSpec, replayWorld, timeOf } from '../../test/replay-world.ts';

const sub = (name: string, over: Parameters<typeof aSubscription>[0] = {}) =>
  aSubscription({ id: subscriptionId(`sub_${name}`), events: ['*'], ...over });
const toOne = (name: string) =>
  ({ kind: 'subscription', subscriptionId: subscriptionId(`sub_${name}`) }) as const;

const commandOf = (n: number, name = '1') => ({
  state: aDeliveryState(1, {
    deliveryId: deriveDeliveryId(anEvent(n).id, subscriptionId(`sub_${name}`)),
    eventId: anEvent(n).id,
    subscriptionId: subscriptionId(`sub_${name}`),
  }),
  body: Buffer.from('{}'),
  traceparent: null,
});

describe('a replay, beside the commands of others', () => {
  it('takes the place of commands that still wait, wherever they do', async () => {
    const world = await replayWorld(sub('1'), sub('2'));
    for (const n of [1, 2, 3, 4, 5, 7]) await world.publish(n, anEvent(n));
    const [shortest, second] = ladder;
    if (shortest === undefined || second === undefined) throw new Error('no rungs');
    // 1: on a rung. 2: was on a rung. 3: not read by delivery. 4: in an ordered queue. 5: was in one.
    await world.producer.publish({ topic: second.topic, partition: 2, ...encodeDelivery(commandOf(1)) });
    await world.producer.publish({ topic: shortest.topic, partition: 1, ...encodeDelivery(commandOf(2)) });
    world.bus.commits('tidings-delivery-retry').set(`${shortest.topic.name} 1`, 1);
    await world.producer.publish({ topic: topics.deliveries, ...encodeDelivery(commandOf(3)) });
    for (const n of [4, 5]) {
      const entry = encodeOrderingEntry({ type: 'DeliveryHeld.v1', sequence: n }, commandOf(n));
      await world.producer.publish({ topic: topics.orderingChangelog, partition: 0, ...entry });
      if (n === 5)
        await world.producer.publish({
          topic: topics.orderingChangelog,
          partition: 0,
          ...entry,
          value: null,
        });
    }
    // 6: not fanned out. 7: nothing is known. All of another subscription's.
    await world.publish(6, anEvent(6), { partition: 1 });
    world.bus.commits('tidings-fanout').set(`${topics.events.name} 1`, 0);
    await world.producer.publish({ topic: second.topic, ...encodeDelivery(commandOf(7, '2')) });
    const before = world.commands().length;
    await world.startInstance();
    await world.order(aSpec({ fromMs: timeOf(1), target: toOne('1') }));
    await eventually(() => expect(world.progress()).toMatchObject({ state: 'done' }));
    const superseding = world
      .commands()
      .slice(before)
      .filter(({ supersedes }) => supersedes === true);
    expect(new Set(superseding.map(({ eventId }) => eventId))).toEqual(
      new Set([1, 3, 4, 6].map((n) => anEvent(n).id)),
    );
    expect(world.progress()?.counts).toMatchObject({ sent: 7 });
  });

  it('that holds live events does so before its first command, and releases them when it is stopped', async () => {
    const world = await replayWorld(sub('1', { ordering: 'key' }), sub('2'));
    for (let n = 0; n < 120; n += 1) await world.publish(n, anEvent(n));
    let open = () => {};
    let sends = 0;
    await world.startInstance(async (records, publish) => {
      await publish();
      if (records[0]?.topic !== topics.deliveries || records.length === 1) return;
      sends += 1;
      if (sends !== 2) await new Promise<void>((resolve) => (open = resolve));
    });
    const spec = aSpec({ target: toOne('1'), holdLive: true });
    await world.order(spec);
    await eventually(() => expect(sends).toBe(1));
    await world.order(spec, { desired: 'paused', revision: 2 });
    open();
    await eventually(() => expect(world.progress()).toMatchObject({ state: 'paused' }));
    const first = world.steps();
    expect([first[0], first.at(-1)]).toEqual(['held', 'released']);
    expect(first.filter((step) => step !== 'command')).toHaveLength(2);
    await world.order(spec, { desired: 'running', revision: 3 });
    await eventually(() => expect(sends).toBe(3));
    await world.order(spec, { desired: 'cancelled', revision: 4 });
    open();
    await eventually(() => expect(world.progress()).toMatchObject({ state: 'cancelled' }));
    const second = world.steps().slice(first.length);
    expect([second[0], second.at(-1)]).toEqual(['held', 'released']);
    const keys = world.bus.records(topics.deliveries).map(({ key }) => key);
    expect(new Set(keys)).toEqual(new Set(['sub_1']));

    const dry = `job_${'4'.repeat(32)}`;
    await world.order({ ...spec, dryRun: true }, { jobId: dry });
    await eventually(() => expect(world.progress(dry)).toMatchObject({ state: 'done' }));
    expect(world.steps()).toHaveLength(first.length + second.length);
  });
});
