import { decodeDelivery, subscriptionId, topics } from '@tidings/contracts';
import { newTraceparent } from '@tidings/observability';
import { recordSpans } from '@tidings/observability/testing';
import { eventually } from '@tidings/testing';
import { expect, it, onTestFinished } from 'vitest';
import { anEvent, aSubscription } from '../../test/builders.ts';
import { aSpec, jobId, replayWorld } from '../../test/replay-world.ts';

it('a replay has a span for what it sends at once, linked with the traces of its events that are recorded', async () => {
  const spans = recordSpans(onTestFinished);
  const world = await replayWorld(aSubscription({ id: subscriptionId('sub_1'), events: ['*'] }));
  const [first, second, unsampled] = [
    newTraceparent(),
    newTraceparent(),
    newTraceparent().replace(/1$/, '0'),
  ];
  for (const [at, traceparent] of [first, second, unsampled].entries())
    await world.publish(at, anEvent(at, { traceparent }));
  await world.startInstance();
  const traceparent = newTraceparent();
  await world.order(aSpec(), { traceparent });
  await eventually(() => expect(world.progress()).toMatchObject({ state: 'done', counts: { sent: 3 } }));
  const carried = world.bus.records(topics.deliveries).map((record) => decodeDelivery(record).traceparent);
  expect(carried[2]).toBe(unsampled);
  const sent = spans.filter(({ name }) => name === `send ${topics.deliveries.name}`);
  expect(sent).toMatchObject([
    {
      ...{ parent: traceparent, kind: 'client', links: carried.slice(0, 2) },
      attributes: {
        'messaging.batch.message_count': 3,
        'tidings.job.id': jobId,
        'tidings.job.kind': 'replay',
      },
    },
  ]);
  const links = [sent[0]?.traceparent];
  expect(spans.filter(({ name }) => name === `create ${topics.deliveries.name}`)).toMatchObject([
    { parent: first, traceparent: carried[0], links, attributes: { 'tidings.trigger': 'replay' } },
    { parent: second, traceparent: carried[1], links },
  ]);
});
