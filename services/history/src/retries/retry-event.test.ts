import { eventId } from '@tidings/contracts';
import { anAttemptRecord, aSubscriptionRecord } from '@tidings/testing/messages';
import { describe, expect, it } from 'vitest';
import { aSubscriptionId, createRetries, refusalOf } from '../../test/retries/retry-harness.ts';

const id = eventId(`evt_${'7'.repeat(32)}`);

const start = async () => {
  const retries = createRetries();
  for (const n of [1, 2, 3]) {
    const subscriptionId = aSubscriptionId(n);
    retries.subscriptions.set(subscriptionId, aSubscriptionRecord({ id: subscriptionId }));
    await retries.attempt(anAttemptRecord(n, { eventId: id, subscriptionId }));
  }
  return retries;
};

describe('a retry of an event', () => {
  it('retries all its deliveries', async () => {
    const { retryEvent, commands } = await start();
    const { retried, refused } = await retryEvent(id);
    expect(retried.map(({ chain }) => chain)).toEqual([1, 1, 1]);
    expect(refused).toEqual([]);
    expect(commands.map(({ state }) => state.subscriptionId).toSorted()).toEqual(['sub_1', 'sub_2', 'sub_3']);
  });

  it('retries those to chosen subscriptions, and says which have none', async () => {
    const { retryEvent, commands } = await start();
    const { refused } = await retryEvent(id, { subscriptionIds: [aSubscriptionId(2), aSubscriptionId(9)] });
    expect(commands.map(({ state }) => state.subscriptionId)).toEqual(['sub_2']);
    expect(refused).toMatchObject([{ delivery: null, subscriptionId: 'sub_9', code: 'not-found' }]);
  });

  it('retries the others if one is refused', async () => {
    const { retryEvent, subscriptions } = await start();
    subscriptions.set('sub_2', aSubscriptionRecord({ id: aSubscriptionId(2), state: 'disabled' }));
    const { retried, refused } = await retryEvent(id);
    expect(retried).toHaveLength(2);
    expect(refused).toMatchObject([{ subscriptionId: 'sub_2', code: 'conflict' }]);
  });

  it('finds nothing outside the scope', async () => {
    const { retryEvent } = await start();
    const scope = { workspaceId: 'ws_other' as never, ownerId: null };
    expect(await refusalOf(retryEvent(id, { scope }))).toMatch(/^not-found/);
    const subscriptionIds = [aSubscriptionId(1)];
    expect(await refusalOf(retryEvent(id, { scope, subscriptionIds }))).toMatch(/^not-found/);
  });

  it('continues with the chains of a request that is repeated', async () => {
    const { retryEvent, commands } = await start();
    await retryEvent(id);
    await retryEvent(id);
    expect(commands.map(({ state }) => state.chain)).toEqual([1, 1, 1, 1, 1, 1]);
  });
});
