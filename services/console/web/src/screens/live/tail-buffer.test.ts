import { describe, expect, it } from 'vitest';
import type { StreamMessage } from '../../api/live-stream.ts';
import { TailBuffer, type TailView } from './tail-buffer.ts';

const event = (n: number): StreamMessage => ({
  ...{ kind: 'event', event_id: `evt_${n}`, event_type: 'order.paid', consumer_id: null },
  ...{ at: '2026-11-22T10:00:00Z', source: '/orders', time: '2026-11-22T10:00:00Z', ordering_key: null },
  ...{ caller_id: null, trace_id: null, size_bytes: 1, erased: false },
  position: { partition: 0, offset: String(n) },
});
const ids = ({ rows }: TailView) =>
  rows.map(({ message }) => ('event_id' in message ? message.event_id : '–'));
const feed = (tail: TailBuffer, from: number, to: number) => {
  for (let n = from; n <= to; n += 1) tail.add(event(n));
};

describe('the buffer of the live tail', () => {
  it('shows the newest first, at most so many, and the same object while nothing comes', () => {
    const tail = new TailBuffer(3);
    feed(tail, 1, 2);
    const first = tail.view();
    expect(ids(first)).toEqual(['evt_2', 'evt_1']);
    expect(tail.view()).toBe(first);
    feed(tail, 3, 5);
    expect(ids(tail.view())).toEqual(['evt_5', 'evt_4', 'evt_3']);
  });

  it('gives each row a key that it keeps', () => {
    const tail = new TailBuffer(3);
    feed(tail, 1, 2);
    const [, old] = tail.view().rows;
    feed(tail, 3, 3);
    expect(tail.view().rows[2]).toBe(old);
    expect(new Set(tail.view().rows.map(({ key }) => key)).size).toBe(3);
  });

  it('holds what is shown, counts what comes, and then shows the newest of it', () => {
    const tail = new TailBuffer(3);
    feed(tail, 1, 2);
    tail.view();
    tail.hold(true);
    feed(tail, 3, 22);
    const held = tail.view();
    expect([ids(held), held.held]).toEqual([['evt_2', 'evt_1'], 20]);
    expect(tail.view()).toBe(held);
    tail.hold(false);
    const released = tail.view();
    expect([ids(released), released.held]).toEqual([['evt_22', 'evt_21', 'evt_20'], 0]);
  });

  it('shows a gap as a row, and neither heartbeats nor what opens and closes the stream', () => {
    const tail = new TailBuffer(5);
    tail.add({ kind: 'ready', resumed: true });
    tail.add({ kind: 'gap', reason: 'too-old', deliveries: '/v1/webhooks/deliveries' });
    tail.add({ kind: 'heartbeat' });
    tail.add({ kind: 'closing', reason: 'stopping' });
    expect(tail.view().rows.map(({ message }) => message.kind)).toEqual(['gap']);
  });

  it('forgets what is shown and what waits when it is cleared', () => {
    const tail = new TailBuffer(3);
    feed(tail, 1, 2);
    tail.view();
    tail.hold(true);
    feed(tail, 3, 4);
    tail.clear();
    tail.hold(false);
    expect(tail.view()).toEqual({ rows: [], held: 0 });
  });

  it('shows the newest after many have come while nobody looked, as in a tab in the background', () => {
    const tail = new TailBuffer(100);
    feed(tail, 1, 5_000);
    expect(ids(tail.view())).toHaveLength(100);
    expect(ids(tail.view())[0]).toBe('evt_5000');
  });
});
