import { describe, expect, it } from 'vitest';
import { deriveDeliveryId, deriveReplayDeliveryId, eventId, subscriptionId } from '../ids/ids.ts';
import { isReplayChain, isReplayed, replayChainOf } from './replay-chain.ts';

const order = { jobId: `job_${'1'.repeat(32)}`, createdAtMs: Date.parse('2026-11-30T10:00:00Z') };

describe('the chain of a replay', () => {
  it('is the same each time, above every other chain, and an exact number', () => {
    const chain = replayChainOf(order);
    expect(replayChainOf(order)).toBe(chain);
    expect(Number.isSafeInteger(chain)).toBe(true);
    expect(isReplayChain(chain)).toBe(true);
    expect(isReplayChain(chain + 1)).toBe(true);
    expect(isReplayChain(1_000_000)).toBe(false);
    expect(isReplayChain(replayChainOf({ ...order, createdAtMs: 0 }))).toBe(true);
  });

  it('is above the retries of an older replay, and another one for a replay of the same millisecond', () => {
    const chain = replayChainOf(order);
    expect(replayChainOf({ ...order, createdAtMs: order.createdAtMs + 2 })).toBeGreaterThan(chain + 1_000);
    expect(replayChainOf({ ...order, jobId: `job_${'2'.repeat(32)}` })).not.toBe(chain);
  });

  it('marks the first attempt and its retries, and no other trigger', () => {
    const chain = replayChainOf(order);
    expect(isReplayed({ chain, trigger: 'replay' })).toBe(true);
    expect(isReplayed({ chain, trigger: 'retry' })).toBe(true);
    expect(isReplayed({ chain: chain + 1, trigger: 'manual' })).toBe(false);
    expect(isReplayed({ chain: 0, trigger: 'retry' })).toBe(false);
  });
});

describe('the new delivery id of a replay', () => {
  it('is derived from the event, the subscription and the replay', () => {
    const event = eventId(`evt_${'0'.repeat(32)}`);
    const subscription = subscriptionId('sub_1');
    const id = deriveReplayDeliveryId(event, subscription, order.jobId);
    expect(deriveReplayDeliveryId(event, subscription, order.jobId)).toBe(id);
    expect(id).not.toBe(deriveDeliveryId(event, subscription));
    expect(deriveReplayDeliveryId(event, subscription, 'job_2')).not.toBe(id);
  });
});
