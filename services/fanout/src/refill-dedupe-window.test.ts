import { describe, expect, it } from 'vitest';
import { anEvent } from '../test/builders.ts';
import { DedupeWindows } from './domain/dedupe-windows.ts';
import type { EventLog, LoggedEvent } from './ports.ts';
import { refillPublished, type Worked } from './refill-dedupe-window.ts';

/** Builds a partition of the log: event `n` of the list has offset `n`. Records which ranges were read. */
const aLog = (timesMs: readonly number[]) => {
  const events = timesMs.map((timestampMs, offset) => ({ event: anEvent(offset), offset, timestampMs }));
  const readOffsets: number[] = [];
  const log: EventLog = {
    read: async ({ from, untilOffset }, onEvent) => {
      const isWanted = (one: LoggedEvent) =>
        'offset' in from ? one.offset >= from.offset : one.timestampMs >= from.timestampMs;
      for (const one of events.filter((each) => isWanted(each) && each.offset < untilOffset)) {
        readOffsets.push(one.offset);
        onEvent(one);
      }
    },
    timeWithin: async ({ fromOffset, untilOffset }) =>
      events.filter(({ offset }) => offset >= fromOffset && offset < untilOffset).at(-1)?.timestampMs,
  };
  return { log, readOffsets };
};

const bounds = { windowMs: 1_000, maxRecords: 50 };
const refilled = async (log: EventLog, worked: Worked): Promise<DedupeWindows> => {
  const windows = new DedupeWindows({ published: bounds, received: bounds });
  await refillPublished(log, { windows, bounds }, worked);
  return windows;
};
const part = { partition: 0, lowOffset: 0n };

describe('refilling the deduplication window', () => {
  it('adds the handled records and none from the committed offset on', async () => {
    const { log, readOffsets } = aLog(Array.from({ length: 20 }, () => 5_000));
    const window = await refilled(log, { ...part, committedOffset: 12n });
    expect(readOffsets).toEqual(Array.from({ length: 12 }, (_, offset) => offset));
    const see = (n: number, offset: number) => window.see({ event: anEvent(n), offset, timestampMs: 5_000 });
    expect(see(12, 12)).toBe('first');
    expect(see(11, 13)).toBe('repeat');
  });

  it('goes back from the last handled record, however old it is', async () => {
    const times = Array.from({ length: 40 }, (_, offset) => 1_000 + offset * 100);
    const { log, readOffsets } = aLog(times);
    await refilled(log, { ...part, committedOffset: 40n });
    expect(readOffsets[0]).toBe(29);
    expect(readOffsets.at(-1)).toBe(39);
  });

  it('reads at most as many records as the window holds', async () => {
    const { log, readOffsets } = aLog(Array.from({ length: 200 }, () => 5_000));
    const window = await refilled(log, { ...part, committedOffset: 180n });
    expect(readOffsets).toHaveLength(50);
    expect(window.size).toBe(50);
  });

  it('reads nothing if nothing was handled yet', async () => {
    const { log, readOffsets } = aLog([1, 2, 3]);
    const window = await refilled(log, {
      partition: 0,
      lowOffset: 2n,
      committedOffset: 2n,
    });
    expect(readOffsets).toEqual([]);
    expect(window.size).toBe(0);
  });
});
