import { replayChainOf } from '@tidings/contracts';
import { answered } from '@tidings/testing/messages';
import { describe, expect, it } from 'vitest';
import { aSubscription, startMs } from '../../test/builders.ts';
import { numbered, numbers, remainingEntries, start } from '../../test/ordering-harness.ts';

const chain = replayChainOf({ jobId: `job_${'1'.repeat(32)}`, createdAtMs: startMs });
const replayed = { chain, trigger: 'replay' } as const;

describe.each([
  ['subscription', {}],
  ['key', { orderingKey: 'k' }],
] as const)('a replay to a subscription ordered by %s', (ordering, key) => {
  it('is in order within itself, and neither waits for live events nor delays them', async () => {
    const harness = await start();
    await harness.register(aSubscription({ ordering, retryScheduleSeconds: [3_600] }));
    // The head of the live queue fails and waits for an hour.
    harness.sender.rule = () => answered(500);
    await harness.publish(...numbered(1, 0, key));
    expect(numbers(harness)).toEqual([0]);
    // Likewise the second event of the replay.
    harness.sender.rule = ({ body }) => answered(body.toString() === '{"n": 11}' ? 500 : 200);
    await harness.publish(...numbered(3, 10, { ...key, ...replayed }), ...numbered(1, 1, key));
    expect(numbers(harness)).toEqual([0, 10, 11]);
    expect(harness.sender.sent[1]?.headers).toMatchObject({ 'x-webhook-trigger': 'replay' });
    harness.sender.rule = () => answered(200);
    await harness.clock.advance(4_000_000);
    expect(
      numbers(harness)
        .slice(3)
        .filter((n) => n < 10),
    ).toEqual([0, 1]);
    expect(
      numbers(harness)
        .slice(3)
        .filter((n) => n >= 10),
    ).toEqual([11, 12]);
    expect(remainingEntries(harness)).toBe(0);
  });
});
