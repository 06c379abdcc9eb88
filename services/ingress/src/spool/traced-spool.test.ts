import { topics } from '@tidings/contracts';
import { createMemoryBus } from '@tidings/kafka/testing';
import { newTraceparent } from '@tidings/observability';
import { recordSpans } from '@tidings/observability/testing';
import { eventually, publishTestKey } from '@tidings/testing';
import { expect, it, onTestFinished } from 'vitest';
import { startMemoryIngress } from '../../test/memory-ingress.ts';
import { aFolder, spooling } from '../../test/spooled-sources.ts';

const start = async (bus = createMemoryBus(), folder?: string) => {
  await publishTestKey(await bus.producer(), { key: spooling, workspaceId: 'ws_demo', spool: true });
  const ingress = await startMemoryIngress({ INGRESS_SPOOL_DIR: folder ?? (await aFolder()) }, bus);
  const publish = async (traceparent: string): Promise<number> => {
    const headers = { authorization: `Bearer ${spooling}`, traceparent };
    const { status } = await ingress.post(
      '/v1/events',
      JSON.stringify({ type: 'order.paid', data: 1 }),
      headers,
    );
    return status;
  };
  return { ...ingress, publish };
};

const server = 'POST /v1/events';
const create = `create ${topics.events.name}`;
const send = `send ${topics.events.name}`;

it('an event that waits in the spool has a span there and one when it is drained, also by the next process', async () => {
  const spans = recordSpans(onTestFinished);
  const spanOf = (name: string, traceId: string, error?: string) =>
    spans.find((one) => one.name === name && one.traceparent.includes(traceId) && one.error === error);
  const bus = createMemoryBus();
  const folder = await aFolder();
  const first = await start(bus, folder);
  const direct = newTraceparent();
  expect(await first.publish(direct)).toBe(202);
  const at = (traceparent: string): string => traceparent.slice(3, 35);
  await eventually(() => expect(spanOf(server, at(direct))).toBeDefined());
  expect(spanOf(send, at(direct))?.parent).toBe(spanOf(server, at(direct))?.traceparent);
  expect(first.logged()[0]?.event.traceparent).toBe(spanOf(send, at(direct))?.traceparent);

  bus.setReachable(false);
  const waiting = newTraceparent();
  const silent = newTraceparent().replace(/1$/, '0');
  expect(await first.publish(waiting)).toBe(202);
  expect(await first.publish(silent)).toBe(202);
  await eventually(() => expect(spanOf(server, at(waiting))).toBeDefined());
  const request = spanOf(server, at(waiting))?.traceparent;
  const spooled = spanOf(create, at(waiting));
  expect(spanOf(send, at(waiting), 'unavailable')?.parent).toBe(request);
  expect(spooled).toMatchObject({ parent: request, attributes: { 'tidings.outcome': 'spooled' } });
  await first.stop();

  bus.setReachable(true);
  const second = await start(bus, folder);
  await eventually(() => expect(second.logged()).toHaveLength(3));
  await eventually(() => expect(spanOf(send, at(waiting))).toBeDefined());
  const drained = spanOf(send, at(waiting));
  // Without a key, the two that waited may be in different partitions.
  const found = second.logged().find(({ event }) => event.traceparent?.includes(at(waiting)));
  const { record, event } = found ?? expect.fail('the event is not in the log');
  expect(drained).toMatchObject({
    ...{ parent: spooled?.traceparent, kind: 'producer', traceparent: event.traceparent },
    attributes: {
      'messaging.message.id': event.id,
      'tidings.wait_ms': (drained?.startMs ?? 0) - record.timestampMs,
    },
  });
  expect(spans.filter(({ traceparent }) => traceparent.includes(at(silent)))).toEqual([]);
});
