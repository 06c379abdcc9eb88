import { deriveDeliveryId, sourceId, subscriptionId } from '@tidings/contracts';
import { compileFilter } from '@tidings/filters';
import { describe, expect, it } from 'vitest';
import { anEvent, aSubscription, commandsOf } from '../test/builders.ts';
import { DedupeWindows } from './domain/dedupe-windows.ts';
import { type Filter, MatchIndex } from './domain/match-index.ts';
import { type FanOut, handleEventAccepted } from './handle-event-accepted.ts';

const bounds = { windowMs: 600_000, maxRecords: 1_000 };

const setUp = (subscriptions: readonly [ReturnType<typeof aSubscription>, Filter?][]) => {
  const filters = new Map(subscriptions.map(([{ id }, filter]) => [id as string, filter]));
  const index = new MatchIndex(({ of }) => filters.get(of as string) ?? (() => true));
  for (const [record, filter] of subscriptions) {
    index.put(filter === undefined ? record : { ...record, filters: { of: record.id } });
  }
  const window = new DedupeWindows({
    published: bounds,
    received: { windowMs: 86_400_000, maxRecords: 1_000 },
  });
  let offset = 0;
  return {
    index,
    handle: (event: ReturnType<typeof anEvent>, at = offset++): FanOut =>
      handleEventAccepted(
        { index, maxDataBytes: 1_000, childTraceparent: (parent) => `child of ${parent}` },
        { event, offset: at, timestampMs: 1_790_000_000_000 },
        window,
      ),
  };
};

describe('handling an accepted event', () => {
  it("produces one command for each match, with a derived id and the subscription's version", () => {
    const { handle } = setUp([[aSubscription({ version: 4 })]]);
    const event = anEvent(1, { orderingKey: 'k', traceparent: 'p' });
    const [command, ...rest] = commandsOf(handle(event));
    expect(rest).toEqual([]);
    expect(command).toMatchObject({
      traceparent: 'child of p',
      state: {
        deliveryId: deriveDeliveryId(event.id, subscriptionId('sub_1')),
        subscriptionVersion: 4,
        orderingKey: 'k',
        attempt: 1,
        chain: 0,
        position: 0,
        trigger: 'event',
        acceptedAtMs: 1_790_000_000_000,
      },
    });
  });

  it('compares all digits of numbers, and sends them unchanged', () => {
    const index = new MatchIndex(compileFilter);
    const filters = { 1: { n: 9007199254740992 }, 2: { n: { $gt: 9007199254740992 } } };
    for (const [n, filter] of Object.entries(filters))
      index.put(aSubscription({ id: subscriptionId(`sub_${n}`), filters: filter }));
    const parts = { index, maxDataBytes: 1_000, childTraceparent: () => 'p' };
    const matchedBy = (json: string, offset: number) => {
      const logged = { event: anEvent(offset, { data: Buffer.from(json) }), offset, timestampMs: 1 };
      const window = new DedupeWindows({
        published: bounds,
        received: { windowMs: 86_400_000, maxRecords: 1_000 },
      });
      return commandsOf(handleEventAccepted(parts, logged, window)).map(({ state, body }) => ({
        id: state.subscriptionId,
        body: body.toString().includes(json),
      }));
    };
    expect(matchedBy('{"n":9007199254740992}', 1)).toEqual([{ id: 'sub_1', body: true }]);
    expect(matchedBy('{"n":9007199254740993}', 2)).toEqual([{ id: 'sub_2', body: true }]);
  });

  it('renders the data byte for byte, once for each format', () => {
    const raw = '{ "n": 9007199254740993, "e": 1.0, "é": "\\u00e9" }';
    const { handle } = setUp([
      [aSubscription({ id: subscriptionId('sub_1') })],
      [aSubscription({ id: subscriptionId('sub_2') })],
      [aSubscription({ id: subscriptionId('sub_3'), format: 'plain' })],
      [aSubscription({ id: subscriptionId('sub_4'), format: 'cloudevents' })],
      [aSubscription({ id: subscriptionId('sub_5'), format: 'cloudevents-binary' })],
    ]);
    const event = anEvent(1, { data: Buffer.from(raw), source: '/a "quoted" source' });
    const commands = commandsOf(handle(event));
    const [one, two, plain, cloud, binary] = commands.map(({ body }) => body);
    expect(binary?.toString()).toBe(raw);
    // This format has attributes in headers that cannot be read from the body, so the command carries them.
    expect(commands.map(({ state }) => state.cloudEvent)).toEqual([
      ...Array.from({ length: 4 }, () => undefined),
      { source: event.source, time: event.time },
    ]);
    expect(one?.toString()).toBe(
      `{"id":"${event.id}","type":"order.paid","timestamp":"2026-11-22T10:00:00Z","workspace_id":"ws_demo","data":${raw}}`,
    );
    expect(two).toBe(one);
    expect(JSON.parse(plain?.toString() ?? '')).toMatchObject({ created_at: '2026-09-21T14:13:20.000Z' });
    expect(JSON.parse(cloud?.toString() ?? '')).toMatchObject({
      specversion: '1.0',
      source: '/a "quoted" source',
      time: '2026-11-22T10:00:00Z',
      workspaceid: 'ws_demo',
    });
    expect([plain, cloud].every((body) => body?.includes(raw))).toBe(true);
  });

  it('drops a repeat, keeps a record that is read again, and dead-letters a conflict', () => {
    const { handle } = setUp([[aSubscription()]]);
    expect(handle(anEvent(), 10).outcome).toBe('fanned-out');
    expect(handle(anEvent(), 11)).toEqual({ outcome: 'repeat' });
    expect(handle(anEvent(), 10).outcome).toBe('fanned-out');
    expect(handle(anEvent(1, { data: Buffer.from('{}') }), 12)).toMatchObject({
      outcome: 'poison',
      reason: 'idempotency-conflict',
    });
  });

  it('drops the second event about one attempt, of which a crash left two records with times of their own', () => {
    const { handle } = setUp([[aSubscription()]]);
    const about = (at: string) => {
      const data = Buffer.from(`{"last_failure":{"at":"${at}"}}`);
      return anEvent(1, { eventType: 'tidings.delivery.exhausted', data });
    };
    handle(about('2026-11-30T10:00:00Z'));
    expect(handle(about('2026-11-30T10:00:26Z'))).toEqual({ outcome: 'repeat' });
  });

  it('drops a repeat of a received event although the provider has changed its body', () => {
    const { handle } = setUp([[aSubscription()]]);
    const received = { sourceId: sourceId(`src_${'1'.repeat(32)}`), headers: {} };
    const callerId = 'evt_of_the_provider';
    expect(handle(anEvent(1, { received, callerId })).outcome).toBe('fanned-out');
    const again = anEvent(1, { received, callerId, data: Buffer.from('{"pending_webhooks":1}') });
    expect(handle(again)).toEqual({ outcome: 'repeat' });
  });

  it.each([
    ['not JSON', Buffer.from('{"a":')],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['empty', Buffer.alloc(0)],
    ['too large for a command', Buffer.from(`"${'x'.repeat(1_000)}"`)],
  ])('dead-letters data that is %s, but only if a subscription matches', (_, data) => {
    const { handle } = setUp([[aSubscription()]]);
    expect(handle(anEvent(1, { data }))).toMatchObject({ outcome: 'poison', reason: 'undecodable' });
    expect(handle(anEvent(2, { data, eventType: 'no.subscription' }))).toMatchObject({
      outcome: 'unmatched',
    });
  });

  it('applies filters to the parsed data; a filter that throws matches nothing and is counted', () => {
    const { handle } = setUp([
      [aSubscription({ id: subscriptionId('sub_1') }), (data) => (data as { total: number }).total > 10],
      [aSubscription({ id: subscriptionId('sub_2') }), (data) => (data as { total: number }).total > 90],
      [
        aSubscription({ id: subscriptionId('sub_3') }),
        () => {
          throw new TypeError('no');
        },
      ],
    ]);
    const result = handle(anEvent());
    expect(commandsOf(result).map(({ state }) => state.subscriptionId)).toEqual(['sub_1']);
    expect(result).toMatchObject({ filterFailures: 1 });
    expect(handle(anEvent(2, { data: Buffer.from('{"total":1}') }))).toEqual({
      outcome: 'unmatched',
      filterFailures: 1,
    });
  });

  it('also produces commands for a disabled subscription and counts them', () => {
    const { handle } = setUp([[aSubscription({ state: 'disabled' })]]);
    const result = handle(anEvent());
    expect(commandsOf(result)).toHaveLength(1);
    expect(result).toMatchObject({ disabledCount: 1 });
  });
});
