import { consumerId, subscriptionId, workspaceId } from '@tidings/contracts';
import { expect, it } from 'vitest';
import type { UndeliveredCount } from '../domain/undelivered-count.ts';
import { readUndelivered } from './read-undelivered.ts';

const count = (over: Partial<UndeliveredCount>): UndeliveredCount => ({
  ...{ subscriptionId: subscriptionId('sub_1'), consumerId: consumerId('acme'), status: 'retrying' },
  ...{ reason: null, lastReason: 'timeout', lastStatusCode: null, count: 1 },
  ...{ oldestAtMs: 50, nextAttemptAtMs: 100 },
  ...over,
});

it('groups what waits and what has ended by subscription, the most first', async () => {
  const small = count({ count: 2, oldestAtMs: 40 });
  const ended = count({ status: 'dead_lettered', reason: 'exhausted', count: 5 });
  const other = count({ subscriptionId: subscriptionId('sub_2'), count: 6, oldestAtMs: 10 });
  const scopes: object[] = [];
  const stores = {
    deliveries: {
      countUnderWay: async (filters: object) => {
        scopes.push(filters);
        return [small, other];
      },
    },
    deadLetters: {
      countUndelivered: async (filters: object) => {
        scopes.push(filters);
        return [ended];
      },
    },
  };
  const filters = { workspaceId: workspaceId('ws_1'), ownerId: consumerId('acme') };
  expect(await readUndelivered(stores, filters)).toEqual({
    isTruncated: false,
    groups: [
      {
        ...{ subscriptionId: 'sub_1', consumerId: 'acme', count: 7, oldestAtMs: 40 },
        counts: [ended, small],
      },
      { subscriptionId: 'sub_2', consumerId: 'acme', count: 6, oldestAtMs: 10, counts: [other] },
    ],
  });
  expect(scopes).toEqual([filters, { ...filters, poison: 'none' }]);
});
