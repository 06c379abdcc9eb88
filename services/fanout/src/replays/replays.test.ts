import {
  consumerId,
  deriveDeliveryId,
  deriveReplayDeliveryId,
  replayChainOf,
  subscriptionId,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { describe, expect, it } from 'vitest';
import { anEvent, aSubscription } from '../../test/builders.ts';
import { aSpec, jobId, replayWorld, timeOf } from '../../test/replay-world.ts';

const sub = (name: string, over: Parameters<typeof aSubscription>[0] = {}) =>
  aSubscription({ id: subscriptionId(`sub_${name}`), events: ['*'], ...over });
const toOne = (name: string) =>
  ({ kind: 'subscription', subscriptionId: subscriptionId(`sub_${name}`) }) as const;

describe('a replay', () => {
  it('delivers exactly the matching history to a subscription that is newer than it', async () => {
    const world = await replayWorld(
      sub('new', { events: ['order.*'], filters: { total: { $gte: 10 } } }),
      sub('other'),
    );
    const total = (n: number) => ({ data: Buffer.from(JSON.stringify({ total: n })) });
    await world.publish(1, anEvent(1, total(20)));
    await world.publish(2, anEvent(2, total(5)));
    await world.publish(3, anEvent(3, { eventType: 'invoice.paid', ...total(20) }));
    await world.publish(4, anEvent(4, { workspaceId: workspaceId('ws_other'), ...total(20) }));
    await world.publish(5, anEvent(5, { orderingKey: 'k', ...total(30) }), { partition: 7 });
    await world.publish(6, anEvent(6, { data: Buffer.from('no JSON') }));
    await world.startInstance();
    await world.order(aSpec({ target: toOne('new') }));
    await eventually(() => expect(world.progress()).toMatchObject({ state: 'done' }));
    const chain = replayChainOf({ jobId, createdAtMs: timeOf(2_000_000) });
    expect(world.commands()).toMatchObject(
      [1, 5].map((n) => ({
        deliveryId: deriveDeliveryId(anEvent(n).id, subscriptionId('sub_new')),
        eventId: anEvent(n).id,
        subscriptionId: 'sub_new',
        acceptedAtMs: timeOf(n),
        trigger: 'replay',
        attempt: 1,
        chain,
      })),
    );
    expect(world.progress()).toMatchObject({
      counts: { scanned: 6, matched: 2, sent: 2, skipped: 0, disabled: 0, repeats: 0 },
      ...{ total: 6, done: 6, error: null, revision: 1 },
    });
  });

  it('covers the events accepted in its span, also where the log is not in the order of time', async () => {
    const world = await replayWorld(sub('1'));
    // Clocks of two producers: some events are in the log behind later ones.
    for (const n of [10, 12, 11, 22, 19, 21, 20, 18, 30]) await world.publish(n, anEvent(n));
    await world.startInstance();
    await world.order(aSpec({ fromMs: timeOf(11), toMs: timeOf(20) }));
    await eventually(() => expect(world.progress()).toMatchObject({ state: 'done' }));
    expect(world.commands().map(({ eventId }) => eventId)).toEqual(
      [12, 11, 19, 18].map((n) => anEvent(n).id),
    );
  });

  it('covers ranges of offsets, and only these types and this filter', async () => {
    const world = await replayWorld(sub('1'));
    for (let n = 0; n < 6; n += 1) await world.publish(n, anEvent(n, { data: Buffer.from(`{"n":${n}}`) }));
    await world.publish(6, anEvent(6, { eventType: 'order' }), { partition: 2 });
    await world.publish(7, anEvent(7, { eventType: 'order.late.paid', data: Buffer.from('{"n":7}') }), {
      partition: 2,
    });
    await world.startInstance();
    const {
      fromMs: _from,
      toMs: _to,
      ...spec
    } = aSpec({
      offsets: { 0: [1, 5], 2: [0, 99] },
      types: ['order.*'],
      filter: { n: { $in: [0, 2, 3, 5, 7] } },
    });
    await world.order(spec);
    await eventually(() => expect(world.progress()).toMatchObject({ state: 'done', total: 6 }));
    expect(new Set(world.commands().map(({ eventId }) => eventId))).toEqual(
      new Set([2, 3, 7].map((n) => anEvent(n).id)),
    );
  });

  it('of a consumer covers its own subscriptions, and events that it may see', async () => {
    const acme = consumerId('acme');
    const world = await replayWorld(
      sub('acme', { consumerId: acme }),
      sub('globex', { consumerId: consumerId('globex') }),
      sub('workspace'),
    );
    await world.publish(1, anEvent(1));
    await world.publish(2, anEvent(2, { consumerId: acme }));
    await world.publish(3, anEvent(3, { consumerId: consumerId('globex') }));
    await world.startInstance();
    await world.order(aSpec(), { ownerId: acme });
    await eventually(() => expect(world.progress()).toMatchObject({ state: 'done' }));
    expect(world.commands()).toMatchObject([
      { eventId: anEvent(1).id, subscriptionId: 'sub_acme' },
      { eventId: anEvent(2).id, subscriptionId: 'sub_acme' },
    ]);
  });

  it('sends a repeated event once, and nothing to a disabled or deleted subscription', async () => {
    const world = await replayWorld(
      sub('1'),
      sub('2', { state: 'disabled' }),
      sub('3', { state: 'deleted' }),
    );
    for (const n of [1, 2, 1, 1, 2]) await world.publish(n, anEvent(n));
    await world.startInstance();
    await world.order(aSpec());
    await eventually(() => expect(world.progress()).toMatchObject({ state: 'done' }));
    expect(world.commands().map(({ eventId }) => eventId)).toEqual([anEvent(1).id, anEvent(2).id]);
    expect(world.progress()?.counts).toMatchObject({ matched: 2, sent: 2, disabled: 2, repeats: 3 });
  });

  it('sends nothing of an event whose first record is before the span, and that was repeated within it', async () => {
    const world = await replayWorld(sub('1'));
    const minute = 60_000;
    const published = [
      [1, 0],
      [2, 1],
      [3, 9],
      // A repeat of the first one; what is repeated later than fan-out remembers is another event to it, too.
      [1, 9.5],
      [2, 12],
    ] as const;
    for (const [n, minutes] of published)
      await world.publish(n, anEvent(n), { atMs: timeOf(0) + minutes * minute });
    await world.startInstance();
    await world.order(aSpec({ fromMs: timeOf(0) + 8 * minute, toMs: timeOf(0) + 13 * minute }));
    await eventually(() => expect(world.progress()).toMatchObject({ state: 'done' }));
    expect(world.commands().map(({ eventId }) => eventId)).toEqual([anEvent(3).id, anEvent(2).id]);
  });

  it.each([
    [20, 28, []],
    [28, 40, [30, 31]],
  ])(
    'from %i s to %i s sends first records of the log, although later ones have earlier times',
    async (...span) => {
      const [from, to, sent] = span;
      const world = await replayWorld(sub('1'));
      const published = [
        [1, 30],
        [2, 31],
        [1, 26],
        [2, 10],
      ] as const;
      for (const [n, seconds] of published)
        await world.publish(n, anEvent(n), { atMs: timeOf(0) + seconds * 1_000 });
      await world.startInstance();
      await world.order(aSpec({ fromMs: timeOf(0) + from * 1_000, toMs: timeOf(0) + to * 1_000 }));
      await eventually(() => expect(world.progress()).toMatchObject({ state: 'done' }));
      const seconds = world.commands().map(({ acceptedAtMs }) => (acceptedAtMs - timeOf(0)) / 1_000);
      expect(seconds).toEqual(sent);
    },
  );

  it('with new ids gives each delivery one that is derived from the replay', async () => {
    const world = await replayWorld(sub('1'));
    await world.publish(1, anEvent(1));
    await world.startInstance();
    await world.order(aSpec({ asNew: true }));
    await eventually(() => expect(world.progress()).toMatchObject({ state: 'done' }));
    expect(world.deliveryIds()).toEqual([
      deriveReplayDeliveryId(anEvent(1).id, subscriptionId('sub_1'), jobId),
    ]);
  });

  it('that is a dry run counts what it would send and sends nothing', async () => {
    const world = await replayWorld(sub('1'), sub('2'));
    for (const n of [1, 2, 3]) await world.publish(n, anEvent(n));
    await world.startInstance();
    await world.order(aSpec({ dryRun: true }));
    await eventually(() => expect(world.progress()).toMatchObject({ state: 'done' }));
    expect(world.progress()?.counts).toMatchObject({ scanned: 3, matched: 6, to_send: 6, sent: 0 });
    expect(world.bus.records(topics.deliveries)).toEqual([]);
  });

  it('stops when it is paused, continues when it is resumed, and ends when it is cancelled', async () => {
    const world = await replayWorld(sub('1'));
    for (let n = 0; n < 200; n += 1) await world.publish(n, anEvent(n));
    let open = () => {};
    let sends = 0;
    await world.startInstance(async (records, publish) => {
      await publish();
      if (records[0]?.topic !== topics.deliveries) return;
      sends += 1;
      if (sends === 1) await new Promise<void>((resolve) => (open = resolve));
    });
    await world.order(aSpec());
    await eventually(() => expect(sends).toBe(1));
    await world.order(aSpec(), { desired: 'paused', revision: 2 });
    open();
    await eventually(() => expect(world.progress()).toMatchObject({ state: 'paused', revision: 2 }));
    const sent = world.commands().length;
    expect(sent).toBeLessThan(200);
    expect(world.progress()?.counts).toMatchObject({ sent });
    await world.order(aSpec(), { desired: 'running', revision: 3 });
    await eventually(() => expect(world.progress()).toMatchObject({ state: 'done', revision: 3 }));
    expect(world.deliveryIds()).toHaveLength(200);
    expect(new Set(world.deliveryIds()).size).toBe(200);

    const other = `job_${'2'.repeat(32)}`;
    await world.order(aSpec(), { jobId: other, desired: 'paused' });
    await eventually(() => expect(world.progress(other)).toMatchObject({ state: 'paused' }));
    await world.order(aSpec(), { jobId: other, desired: 'cancelled', revision: 2 });
    await eventually(() => expect(world.progress(other)).toMatchObject({ state: 'cancelled', revision: 2 }));
    // A late order does not start it again.
    await world.order(aSpec(), { jobId: other, desired: 'running', revision: 3 });
    await world.order(aSpec(), { jobId: `job_${'3'.repeat(32)}` });
    await eventually(() => expect(world.progress(`job_${'3'.repeat(32)}`)).toMatchObject({ state: 'done' }));
    expect(world.progress(other)).toMatchObject({ state: 'cancelled' });
  });
});
