import { sourceId } from '@tidings/contracts';
import { describe, expect, it } from 'vitest';
import { anEvent } from '../../test/builders.ts';
import { receivedBounds } from '../config.ts';
import { DedupeWindows } from './dedupe-windows.ts';

const published = { windowMs: 600_000, maxRecords: 200_000 };
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const received = { sourceId: sourceId(`src_${'1'.repeat(32)}`), headers: {} };

describe('the windows of a partition', () => {
  it('recognise a repeat of a published event for minutes, and one of a source for three days', () => {
    const windows = new DedupeWindows({ published, received: receivedBounds });
    const own = anEvent(1);
    const theirs = anEvent(2, { received, callerId: 'theirs' });
    const beganMs = 1_790_000_000_000;
    expect(windows.see({ event: own, offset: 0, timestampMs: beganMs })).toBe('first');
    expect(windows.see({ event: theirs, offset: 1, timestampMs: beganMs })).toBe('first');
    expect(windows.see({ event: own, offset: 2, timestampMs: beganMs + 11 * minuteMs })).toBe('first');
    const late = { event: theirs, offset: 3, timestampMs: beganMs + 3 * dayMs - minuteMs };
    expect(windows.see(late)).toBe('repeat');
    expect(windows.see({ ...late, offset: 4, timestampMs: beganMs + 3 * dayMs + minuteMs })).toBe('first');
  });

  it('keep events of sources although many published ones follow', () => {
    const bounds = { windowMs: 600_000, maxRecords: 10 };
    const windows = new DedupeWindows({ published: bounds, received: receivedBounds });
    const theirs = anEvent(1, { received, callerId: 'theirs' });
    windows.see({ event: theirs, offset: 0, timestampMs: 1 });
    for (let n = 2; n < 100; n += 1) windows.see({ event: anEvent(n), offset: n, timestampMs: 2 });
    expect(windows.size).toBe(11);
    expect(windows.see({ event: theirs, offset: 100, timestampMs: 3 })).toBe('repeat');
  });

  it('keep no event of a source without an id of the provider, which would displace others', () => {
    const windows = new DedupeWindows({ published, received: receivedBounds });
    windows.see({ event: anEvent(1, { received, callerId: null }), offset: 0, timestampMs: 1 });
    expect(windows.size).toBe(0);
  });
});
