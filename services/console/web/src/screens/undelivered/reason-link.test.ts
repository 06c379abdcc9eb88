import { expect, it } from 'vitest';
import { reasonLink } from './reason-link.ts';

const of = { subscription_id: 'sub_1' };

it.each([
  [
    { status: 'dead_lettered', reason: 'exhausted', last_reason: 'timeout' },
    '/dead-letters',
    { subscription_id: 'sub_1', state: 'waiting', reason: 'exhausted' },
  ],
  [
    { status: 'retrying', reason: 'breaker-open', last_reason: 'timeout' },
    '/deliveries',
    { subscription_id: 'sub_1', status: 'retrying', reason: 'breaker-open' },
  ],
  [
    { status: 'retrying', reason: null, last_reason: 'dns' },
    '/deliveries',
    { subscription_id: 'sub_1', status: 'retrying', reason: 'dns' },
  ],
  [
    { status: 'pending', reason: null, last_reason: null },
    '/deliveries',
    { subscription_id: 'sub_1', status: 'pending' },
  ],
] as const)('leads from %j to %s', (reason, to, search) => {
  expect(reasonLink(of, reason)).toEqual({ to, search });
});
