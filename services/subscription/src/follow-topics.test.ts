import type { WorkerState } from '@tidings/kafka';
import { createMemoryBus } from '@tidings/kafka/testing';
import { fakeClock } from '@tidings/runtime/testing';
import { describe, expect, it } from 'vitest';
import { aContext } from '../test/a-context.ts';
import { serveCatalogue } from '../test/memory/in-memory-catalogue.ts';
import { followTopics } from './follow-topics.ts';

/** Opens one reader whose state the test sets, and a table that the test marks as read. */
async function given() {
  const clock = fakeClock();
  const bus = createMemoryBus({ clock });
  const { documents } = await serveCatalogue();
  const context = aContext({}, clock);
  const seen: string[] = [];
  const reader: { state: WorkerState } = { state: 'starting' };
  let onRead = (): void => {};
  const isRead = new Promise<void>((resolve) => {
    onRead = resolve;
  });
  await followTopics(context, {
    bus,
    tables: [{ ready: async () => isRead }],
    kinds: [documents],
    maintenance: { onSuperseded: () => {}, onTopicsRead: () => seen.push('topics read') },
    readers: [
      {
        name: 'seen-event-types',
        group: 'readers',
        drainMs: 0,
        open: async (group) => {
          seen.push(`opened ${group}`);
          return {
            state: () => reader.state,
            close: async () => void seen.push('closed'),
          };
        },
      },
    ],
  });
  const part = () => context.health.report().parts.find(({ name }) => name === 'seen-event-types');
  return { clock, bus, context, seen, reader, onRead, part };
}

describe('topic readers', () => {
  it('open after the tables are read, and appear in /ready from the start', async () => {
    const { clock, seen, onRead, part } = await given();
    await clock.advance(5_000);
    expect([seen, part()?.state]).toEqual([[], 'up']);
    onRead();
    await clock.advance(1_000);
    expect([seen, part()?.state]).toEqual([['topics read', 'opened readers'], 'up']);
  });

  it('make the service unready after half a minute without work, but not during a rebalance', async () => {
    const { clock, reader, onRead, part } = await given();
    onRead();
    reader.state = 'running';
    await clock.advance(1_000);
    reader.state = 'restarting';
    await clock.advance(20_000);
    expect(part()?.state).toBe('up');
    reader.state = 'running';
    await clock.advance(1_000);
    reader.state = 'restarting';
    await clock.advance(20_000);
    expect(part()?.state).toBe('up');
    await clock.advance(15_000);
    expect(part()).toMatchObject({ state: 'down', reason: 'is restarting' });
    reader.state = 'running';
    await clock.advance(1_000);
    expect(part()?.state).toBe('up');
  });

  it('leave the service ready while the brokers are unavailable, for any time', async () => {
    const { bus, clock, reader, onRead, part } = await given();
    onRead();
    reader.state = 'running';
    await clock.advance(1_000);
    bus.setReachable(false);
    reader.state = 'restarting';
    for (let minutes = 0; minutes < 10; minutes += 1) {
      await clock.advance(60_000);
      expect(part()?.state).toBe('up');
    }
    bus.setReachable(true);
    await clock.advance(20_000);
    expect(part()?.state).toBe('up');
    await clock.advance(40_000);
    expect(part()?.state).toBe('down');
  });

  it('are closed with the service', async () => {
    const { clock, context, seen, onRead } = await given();
    onRead();
    await clock.advance(1_000);
    await context.resources.close(1_000);
    expect(seen.at(-1)).toBe('closed');
  });

  it('log that they could not be opened', async () => {
    const clock = fakeClock();
    const context = aContext({}, clock);
    await followTopics(context, {
      bus: createMemoryBus({ clock }),
      tables: [],
      kinds: [],
      maintenance: { onSuperseded: () => {}, onTopicsRead: () => {} },
      readers: [
        {
          name: 'attempts',
          group: 'readers',
          drainMs: 0,
          open: async () => Promise.reject(new Error('no such topic')),
        },
      ],
    });
    await clock.advance(1_000);
    expect(context.health.report().parts).toEqual([
      { name: 'attempts', state: 'down', reason: 'no such topic' },
    ]);
  });
});
