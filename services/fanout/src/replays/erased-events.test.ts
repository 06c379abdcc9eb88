import { consumerId, encodeErasure, subscriptionId, topics, workspaceId } from '@tidings/contracts';
import { eventually } from '@tidings/testing';
import { expect, it } from 'vitest';
import { anEvent, aSubscription } from '../../test/builders.ts';
import { aSpec, replayWorld, timeOf } from '../../test/replay-world.ts';

const acme = consumerId('acme');
const sub = (name: string, over: Parameters<typeof aSubscription>[0] = {}) =>
  aSubscription({ id: subscriptionId(`sub_${name}`), events: ['*'], ...over });

const start = async () => {
  const world = await replayWorld(sub('all'), sub('acme', { consumerId: acme }));
  const erase = async (n: number, scope: Parameters<typeof encodeErasure>[0]['scope'], beforeMs: number) =>
    world.producer.publish({
      topic: topics.erasures,
      ...encodeErasure({
        ...{ type: 'DataErased.v1', erasureId: `job_${String(n).repeat(32)}`, scope, beforeMs },
        ...{
          workspaceId: workspaceId('ws_demo'),
          requestedBy: 'key_1',
          reason: null,
          requestedAtMs: beforeMs,
        },
      }),
    });
  const sent = () => world.commands().map(({ eventId, subscriptionId: to }) => `${eventId.at(-1)} ${to}`);
  return { ...world, erase, sent };
};

it.each(['all', 'missing'] as const)('leaves out what is erased, and counts it (target %s)', async (kind) => {
  const world = await start();
  await world.publish(1, anEvent(1));
  await world.publish(2, anEvent(2));
  await world.publish(3, anEvent(3, { consumerId: acme, data: Buffer.from('no JSON') }));
  await world.publish(4, anEvent(4, { consumerId: acme }));
  await world.erase(1, { kind: 'event', eventId: anEvent(1).id }, timeOf(9));
  await world.erase(2, { kind: 'consumer', consumerId: acme }, timeOf(4));
  await world.startInstance();
  await world.order(aSpec({ target: { kind } }));
  await eventually(() => expect(world.progress()).toMatchObject({ state: 'done' }));
  // Event 2 is for everybody: only what would go to the erased consumer is left out.
  expect(world.sent().toSorted()).toEqual(['2 sub_all', '4 sub_acme', '4 sub_all']);
  expect(world.progress()).toMatchObject({ counts: { scanned: 4, matched: 3, sent: 3, erased: 5 } });
});

it('applies an erasure that arrives while it runs', async () => {
  const world = await start();
  for (let n = 1; n <= 3; n += 1) await world.publish(n, anEvent(n));
  let isFirst = true;
  await world.startInstance(async (records, publish) => {
    if (isFirst && records[0]?.topic === topics.jobs) {
      isFirst = false;
      await world.erase(1, { kind: 'event', eventId: anEvent(3).id }, timeOf(9));
    }
    await publish();
  });
  await world.order(aSpec());
  await eventually(() => expect(world.progress()).toMatchObject({ state: 'done' }));
  expect(world.sent().toSorted()).toEqual(['1 sub_acme', '1 sub_all', '2 sub_acme', '2 sub_all']);
});

it('names the consumer of an event in commands for subscriptions that belong to none', async () => {
  const world = await start();
  await world.publish(1, anEvent(1, { consumerId: acme }));
  await world.startInstance();
  await world.order(aSpec());
  await eventually(() => expect(world.commands()).toHaveLength(2));
  const by = new Map(world.commands().map((state) => [state.subscriptionId, state]));
  expect(by.get(subscriptionId('sub_all'))).toMatchObject({ consumerId: null, addressedTo: 'acme' });
  expect(by.get(subscriptionId('sub_acme'))).not.toHaveProperty('addressedTo');
});
