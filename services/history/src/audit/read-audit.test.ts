import { encodeAudit, topics } from '@tidings/contracts';
import { createMemoryBus } from '@tidings/kafka/testing';
import { recordingLogger } from '@tidings/observability/testing';
import { fakeClock } from '@tidings/runtime/testing';
import { expect, it } from 'vitest';
import { anAuditEntry } from '../../test/audit/audit-store-contract.ts';
import { createMemoryAuditStore } from '../../test/audit/memory-audit-store.ts';
import { AuditReader } from './read-audit.ts';

const everything = { workspaceId: anAuditEntry().workspaceId, ownerId: null };

const open = async () => {
  const clock = fakeClock();
  const bus = createMemoryBus({ clock });
  const producer = await bus.producer();
  const store = createMemoryAuditStore();
  const logger = recordingLogger();
  const reader = () => new AuditReader({ bus, store, clock, logger });
  const publish = async (...ids: readonly string[]) =>
    producer.publishAll(ids.map((id) => ({ topic: topics.audit, ...encodeAudit(anAuditEntry({ id })) })));
  const stored = async () =>
    (await store.list(everything, { limit: 10_000, afterId: null })).map(({ id }) => id);
  return { bus, clock, store, logger, producer, reader, publish, stored };
};

it('stores what is in the topic, and continues there after a restart', async () => {
  const { reader, publish, stored } = await open();
  const first = reader();
  await publish('aud_1', 'aud_2');
  await first.readNew();
  expect(await stored()).toEqual(['aud_2', 'aud_1']);
  await first.close();
  await publish('aud_2', 'aud_3');
  const second = reader();
  await second.readNew();
  await second.readNew();
  expect(await stored()).toEqual(['aud_3', 'aud_2', 'aud_1']);
  await second.close();
});

it('reads once a minute', async () => {
  const { reader, publish, stored, clock } = await open();
  const running = reader();
  await publish('aud_1');
  await clock.advance(60_000);
  await running.readNew();
  expect(await stored()).toEqual(['aud_1']);
  await running.close();
});

it('skips a record that is no entry, and reports it', async () => {
  const { reader, publish, producer, stored, logger } = await open();
  await publish('aud_1');
  await producer.publish({ topic: topics.audit, key: null, value: Buffer.from('{}') });
  await publish('aud_2');
  const running = reader();
  await running.readNew();
  expect(await stored()).toEqual(['aud_2', 'aud_1']);
  expect(logger.lines).toMatchObject([{ event: 'audit.not-decoded' }]);
  await running.close();
});

it('reads a long topic in parts', async () => {
  const { reader, publish, stored } = await open();
  const ids = Array.from({ length: 4_100 }, (_, n) => `aud_${String(n).padStart(5, '0')}`);
  await publish(...ids);
  const running = reader();
  await running.readNew();
  expect(await stored()).toEqual(ids.toReversed());
  await running.close();
});

it('reads again what the log does not return now, and skips what it has no more', async () => {
  const { bus, store, clock, logger, publish, stored } = await open();
  await publish('aud_1', 'aud_2', 'aud_3', 'aud_4');
  let returned = 2n;
  const readRecords: typeof bus.readRecords = async (options) =>
    (await bus.readRecords(options)).map((record) =>
      record !== null && record.offset < returned ? record : null,
    );
  const running = new AuditReader({ bus: { ...bus, readRecords }, store, clock, logger });
  await running.readNew();
  await running.readNew();
  expect(await stored()).toEqual(['aud_2', 'aud_1']);
  returned = 10n;
  await running.readNew();
  expect(await stored()).toEqual(['aud_4', 'aud_3', 'aud_2', 'aud_1']);
  await publish('aud_5', 'aud_6');
  bus.expire(topics.audit, 0, 5n);
  await running.readNew();
  expect(await stored()).toEqual(['aud_6', 'aud_4', 'aud_3', 'aud_2', 'aud_1']);
  await running.close();
});

it('skips more expired records than it reads at once', async () => {
  const { bus, reader, publish, stored } = await open();
  const ids = Array.from({ length: 4_100 }, (_, n) => `aud_${String(n).padStart(5, '0')}`);
  await publish(...ids, 'aud_last');
  bus.expire(topics.audit, 0, 4_100n);
  const running = reader();
  await running.readNew();
  expect(await stored()).toEqual(['aud_last']);
  await running.close();
});
