import {
  decodeWebhookReceived,
  type EventId,
  newEventId,
  sourceId,
  topics,
  type WebhookReceived,
  workspaceId,
} from '@tidings/contracts';
import { createMemoryBus } from '@tidings/kafka/testing';
import { createMetrics } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { fakeClock } from '@tidings/runtime/testing';
import { expect, it } from 'vitest';
import { metricsCatalogue } from '../metrics.ts';
import { ReceivedLog } from './received-log.ts';

const source = (digit: string) => ({
  id: sourceId(`src_${digit.repeat(32)}`),
  workspaceId: workspaceId('ws_demo'),
  provider: 'github',
});
const refusal = { reason: 'no-matching-signature', bytes: 12, traceparent: 'trace' } as const;

const open = async () => {
  const clock = fakeClock();
  const bus = createMemoryBus({ clock });
  const logger = recordingLogger();
  const metrics = createMetrics(metricsCatalogue, { service: 'ingress' });
  const log = new ReceivedLog({ producer: await bus.producer(), clock, logger, metrics: metrics.handles });
  const facts = (): readonly WebhookReceived[] => bus.records(topics.received).map(decodeWebhookReceived);
  const counted = async (outcome: string): Promise<number> => {
    const text = await metrics.registry.metrics();
    const line = text.split('\n').find((one) => one.includes(`_received_facts_total{outcome="${outcome}"`));
    return Number(line?.split(' ').at(-1) ?? 0);
  };
  return { clock, bus, log, logger, facts, counted };
};

it('writes accepted webhooks once a second, in the order of their times, with at most 20 ids of events', async () => {
  const { clock, log, facts } = await open();
  const eventIds = Array.from({ length: 25 }, () => newEventId(1));
  log.refused(source('1'), refusal);
  await clock.advance(10);
  log.accepted(source('1'), { bytes: 7, eventType: 'github.push', eventIds });
  await clock.advance(10);
  log.checked(source('1'), 3);
  expect(facts()).toEqual([]);
  await clock.advance(980);
  expect(facts()).toMatchObject([
    { outcome: 'refused', reason: 'no-matching-signature', count: 1, bytes: 12, events: 0 },
    { outcome: 'accepted', reason: null, eventType: 'github.push', events: 25, bytes: 7 },
    { outcome: 'checked', bytes: 3, eventIds: [] },
  ]);
  expect(facts()[1]?.eventIds).toEqual(eventIds.slice(0, 20));
});

it('sums refusals of a source for one reason within a second, in the topic and in the logs', async () => {
  const { clock, log, logger, facts } = await open();
  for (let n = 0; n < 10_000; n += 1) log.refused(source('1'), refusal);
  log.refused(source('1'), { ...refusal, reason: 'missing-signature' });
  log.refused(source('2'), refusal);
  await clock.advance(1_000);
  log.refused(source('1'), refusal);
  await clock.advance(1_000);
  expect(facts().map(({ sourceId: of, reason, count }) => [of.at(-1), reason, count])).toEqual(
    expect.arrayContaining([
      ['1', 'no-matching-signature', 10_000],
      ['1', 'missing-signature', 1],
      ['2', 'no-matching-signature', 1],
      ['1', 'no-matching-signature', 1],
    ]),
  );
  expect(facts()).toHaveLength(4);
  expect(logger.lines.filter(({ event }) => event === 'webhook.refused')).toHaveLength(4);
});

it('writes at most 21 lines a second, whatever is refused, and counts what no line names', async () => {
  const { clock, log, logger } = await open();
  for (let n = 0; n < 30; n += 1)
    log.refused({ ...source('1'), id: sourceId(`src_${String(n).padStart(32, '0')}`) }, refusal);
  await clock.advance(1_000);
  expect(logger.lines).toHaveLength(21);
  expect(logger.lines.at(-1)).toMatchObject({
    event: 'webhook.more-refused',
    fields: { sums: 10, count: 10 },
  });
});

it('keeps a bounded number in memory and drops the rest while the brokers are away, and goes on after', async () => {
  const { clock, bus, log, facts, counted } = await open();
  bus.setReachable(false);
  const accept = (n = 0): void =>
    log.accepted(source(String(n % 2)), { bytes: 1, eventType: 'github.push', eventIds: [] });
  for (let n = 0; n < 6_000; n += 1) accept(n);
  expect(await counted('dropped')).toBe(1_000);
  await clock.advance(1_000);
  for (let n = 0; n < 5; n += 1) await clock.advance(10_000);
  expect(await counted('dropped')).toBe(6_000);
  bus.setReachable(true);
  accept();
  await clock.advance(1_000);
  expect(facts()).toHaveLength(1);
  expect(await counted('written')).toBe(1);
});

it('sums repeats of a webhook within a second, beside the webhook itself', async () => {
  const { clock, log, facts } = await open();
  const [one, two] = [newEventId(1), newEventId(1)];
  const accept = (eventIds: readonly EventId[], of = '1'): void =>
    log.accepted(source(of), { bytes: 7, eventType: 'github.push', eventIds });
  for (let n = 0; n < 10_000; n += 1) accept([one]);
  accept([two]);
  accept([one, two]);
  accept([one], '2');
  await clock.advance(1_000);
  for (let n = 0; n < 3; n += 1) accept([one]);
  await clock.advance(1_000);
  const counts = facts().map(({ sourceId: of, eventIds, count }) => [of.at(-1), eventIds.join(' '), count]);
  expect(counts).toHaveLength(7);
  expect(counts.filter(([of, ids]) => of === '1' && ids === one).map(([, , count]) => count)).toEqual([
    ...[1, 9_999, 1, 2],
  ]);
  expect(counts).toEqual(
    expect.arrayContaining([
      ['1', two, 1],
      ['1', `${one} ${two}`, 1],
      ['2', one, 1],
    ]),
  );
});

it('leaves room for the webhooks of other sources', async () => {
  const { clock, log, facts, counted } = await open();
  const accept = (of: string): void =>
    log.accepted(source(of), { bytes: 7, eventType: 'github.push', eventIds: [newEventId(1)] });
  for (let n = 0; n < 6_000; n += 1) accept('1');
  accept('2');
  await clock.advance(1_000);
  expect([facts().length, await counted('dropped')]).toEqual([4_001, 2_000]);
  for (let n = 0; n < 10; n += 1) accept('1');
  await clock.advance(1_000);
  expect(facts()).toHaveLength(4_011);
});

it('writes what waits when it is closed, and nothing without anything', async () => {
  const { log, facts } = await open();
  log.refused(source('1'), refusal);
  await log.close();
  expect(facts()).toHaveLength(1);
  await log.close();
  expect(facts()).toHaveLength(1);
});
