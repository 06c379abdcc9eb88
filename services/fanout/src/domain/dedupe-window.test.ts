import type { EventId } from '@tidings/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anEvent } from '../../test/builders.ts';
import { receivedBounds } from '../config.ts';
import { type DedupeResult, DedupeWindow, fingerprintOf } from './dedupe-window.ts';

const idOf = (n: number): EventId => anEvent(n).id;
const print = (low: number) => ({ high: 1, low });
const seen = (id: number, offset: number, over: { timestampMs?: number; body?: number } = {}) => ({
  id: idOf(id),
  offset,
  timestampMs: over.timestampMs ?? 1_000,
  fingerprint: print(over.body ?? 0),
});

/** The same rules over a plain list. */
class NaiveWindow {
  readonly #entries: { id: EventId; offset: number; low: number; atMs: number }[] = [];
  readonly #bounds: { windowMs: number; maxRecords: number };
  #newestMs = 0;

  constructor(bounds: { windowMs: number; maxRecords: number }) {
    this.#bounds = bounds;
  }

  see({ id, offset, timestampMs, fingerprint }: ReturnType<typeof seen>): DedupeResult {
    this.#newestMs = Math.max(this.#newestMs, timestampMs);
    const entries = this.#entries;
    while (entries[0] !== undefined && entries[0].atMs < this.#newestMs - this.#bounds.windowMs)
      entries.shift();
    const known = entries.find((entry) => entry.id === id);
    if (known === undefined) {
      if (entries.length >= this.#bounds.maxRecords) entries.shift();
      entries.push({ id, offset, low: fingerprint.low, atMs: this.#newestMs });
      return 'first';
    }
    if (offset > known.offset) return known.low === fingerprint.low ? 'repeat' : 'conflict';
    known.offset = offset;
    known.low = fingerprint.low;
    return 'first';
  }
}

describe('the deduplication window', () => {
  it('treats only a larger offset as a repeat: after a rejoin the same offset is read again', () => {
    const window = new DedupeWindow({ windowMs: 1_000, maxRecords: 10 });
    expect(window.see(seen(1, 5))).toBe('first');
    expect(window.see(seen(1, 5))).toBe('first');
    expect(window.see(seen(1, 9))).toBe('repeat');
    expect(window.see(seen(1, 5))).toBe('first');
  });

  it('distinguishes events with the same id and different bodies', () => {
    const window = new DedupeWindow({ windowMs: 1_000, maxRecords: 10 });
    window.see(seen(1, 5, { body: 1 }));
    expect(window.see(seen(1, 6, { body: 2 }))).toBe('conflict');
    expect(window.see(seen(1, 7, { body: 1 }))).toBe('repeat');
  });

  it('forgets by record time, not by the clock, and by number', () => {
    const window = new DedupeWindow({ windowMs: 1_000, maxRecords: 2 });
    window.see(seen(1, 1, { timestampMs: 10_000 }));
    expect(window.see(seen(1, 2, { timestampMs: 11_000 }))).toBe('repeat');
    expect(window.see(seen(1, 3, { timestampMs: 11_001 }))).toBe('first');
    window.see(seen(2, 4, { timestampMs: 11_001 }));
    window.see(seen(3, 5, { timestampMs: 11_001 }));
    expect(window.size).toBe(2);
    expect(window.see(seen(1, 6, { timestampMs: 11_001 }))).toBe('first');
  });

  it('equals a plain list after growth and shrinking, with ids that share a bucket', () => {
    const step = fc.record({
      // Multiples of a large power of two share one bucket until the table has grown past it.
      id: fc.oneof(
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 0, max: 40 }).map((n) => n * 65_536),
      ),
      offset: fc.integer({ min: 0, max: 60 }),
      body: fc.integer({ min: 0, max: 1 }),
      afterMs: fc.oneof({ weight: 20, arbitrary: fc.integer({ min: -5, max: 5 }) }, fc.constant(400)),
    });
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 120 }),
        fc.integer({ min: 1, max: 20 }),
        (steps, maxRecords) => {
          const bounds = { windowMs: 300, maxRecords };
          const [real, naive] = [new DedupeWindow(bounds), new NaiveWindow(bounds)];
          let timestampMs = 1_000;
          for (const { id, offset, body, afterMs } of steps) {
            timestampMs += afterMs;
            const record = seen(id, offset, { timestampMs, body });
            expect(real.see(record)).toBe(naive.see(record));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('of events of sources keeps the newest 100,000, in 6.3 MB', () => {
    const window = new DedupeWindow(receivedBounds);
    for (let n = 0; n < 100_010; n += 1) window.see(seen(n, n));
    expect(window.size).toBe(100_000);
    expect(window.bytes).toBe(48 * 131_072);
    expect(window.see(seen(10, 200_000))).toBe('repeat');
    expect(window.see(seen(9, 200_001))).toBe('first');
  });

  it('has the right content after growth and after shrinking', () => {
    const window = new DedupeWindow({ windowMs: 1_000, maxRecords: 100_000 });
    for (let n = 0; n < 20_000; n += 1) window.see(seen(n, n, { timestampMs: 1_000 + n / 100 }));
    expect(window.size).toBe(20_000);
    expect(window.see(seen(7, 30_000, { timestampMs: 1_200 }))).toBe('repeat');
    window.see(seen(90_000, 30_001, { timestampMs: 2_195 }));
    for (let n = 0; n < 5; n += 1) window.see(seen(90_001 + n, 30_002 + n, { timestampMs: 2_195 }));
    expect(window.size).toBeLessThan(1_000);
    expect(window.see(seen(19_990, 40_000, { timestampMs: 2_195 }))).toBe('repeat');
    expect(window.see(seen(10, 40_001, { timestampMs: 2_195 }))).toBe('first');
  });
});

describe('the fingerprint of an event', () => {
  it('depends on everything except the time and the trace', () => {
    const base = fingerprintOf(anEvent());
    expect(fingerprintOf(anEvent(1, { time: '2026-11-23T00:00:00Z', traceparent: 'x' }))).toEqual(base);
    const others = [
      anEvent(1, { data: Buffer.from('{}') }),
      anEvent(1, { eventType: 'order.late' }),
      anEvent(1, { source: '/x' }),
      anEvent(1, { orderingKey: 'k' }),
      anEvent(1, { consumerId: 'acme' as never }),
    ].map(fingerprintOf);
    for (const other of others) expect(other).not.toEqual(base);
  });
});
