import { encodeErasure, eventId, ladder, topics, workspaceId } from '@tidings/contracts';
import { openErasures } from '@tidings/kafka';
import { createMemoryBus } from '@tidings/kafka/testing';
import { silentLogger } from '@tidings/observability';
import { fakeClock } from '@tidings/runtime/testing';
import { builtAtMs } from '@tidings/testing/messages';
import { expect, it, onTestFinished } from 'vitest';
import { retireErasures } from './retire-erasures.ts';

const dayMs = 86_400_000;

it('retires an erasure once no topic has a record from its time, nor from the 30 days after it', async () => {
  const clock = fakeClock(builtAtMs);
  const bus = createMemoryBus({ clock });
  onTestFinished(async () => bus.close());
  const producer = await bus.producer();
  const erasures = await openErasures(bus, 'history');
  const retire = async () => retireErasures({ bus, producer, erasures, clock, logger: silentLogger });
  const write = async (topic: typeof topics.events) =>
    producer.publish({ topic, partition: 0, key: null, value: Buffer.from('{}') });
  const [rung] = ladder;
  if (rung === undefined) throw new Error('there are rungs');
  const erasureId = `job_${'1'.repeat(32)}`;
  await producer.publish({
    topic: topics.erasures,
    ...encodeErasure({
      ...{ type: 'DataErased.v1', erasureId, workspaceId: workspaceId('ws_demo'), beforeMs: builtAtMs },
      ...{ scope: { kind: 'event', eventId: eventId(`evt_${'a'.repeat(32)}`) }, requestedBy: 'key_1' },
      ...{ requestedAtMs: builtAtMs, reason: null },
    }),
  });
  await write(topics.events);
  expect(await retire()).toBe(0);
  await clock.advance(31 * dayMs);
  expect(await retire()).toBe(0);
  bus.expire(topics.events, 0, 1n);
  await write(topics.events);
  await write(rung.topic);
  expect(erasures.has(erasureId)).toBe(true);
  expect(await retire()).toBe(1);
  expect(erasures.has(erasureId)).toBe(false);
  expect(await retire()).toBe(0);
});

it('keeps an erasure for as long as one topic has an older record', async () => {
  const clock = fakeClock(builtAtMs);
  const bus = createMemoryBus({ clock });
  onTestFinished(async () => bus.close());
  const producer = await bus.producer();
  const erasures = await openErasures(bus, 'history');
  await producer.publish({
    topic: topics.erasures,
    ...encodeErasure({
      ...{ type: 'DataErased.v1', erasureId: `job_${'1'.repeat(32)}`, workspaceId: workspaceId('ws_demo') },
      ...{ scope: { kind: 'event', eventId: eventId(`evt_${'a'.repeat(32)}`) }, requestedBy: 'key_1' },
      ...{ requestedAtMs: builtAtMs, beforeMs: builtAtMs, reason: null },
    }),
  });
  await clock.advance(29 * dayMs);
  await producer.publish({ topic: topics.deadLetters, partition: 3, key: null, value: Buffer.from('{}') });
  await clock.advance(300 * dayMs);
  expect(await retireErasures({ bus, producer, erasures, clock, logger: silentLogger })).toBe(0);
});
