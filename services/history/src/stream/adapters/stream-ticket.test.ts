import { randomBytes } from 'node:crypto';
import type { Principal } from '@tidings/http';
import { keyRing } from '@tidings/runtime';
import { fakeClock } from '@tidings/runtime/testing';
import { expect, it } from 'vitest';
import { StreamTickets } from './stream-ticket.ts';

it('knows everything with which the stream of a token ends', async () => {
  const clock = fakeClock();
  const ring = keyRing(`k1:${randomBytes(32).toString('base64')}`);
  const tickets = new StreamTickets(ring, clock, { claim: async () => null });
  const principal: Principal = {
    ...{ keyId: 'tok_1', workspaceId: 'ws_1', consumerId: 'acme', scopes: new Set(['deliveries:read']) },
    ...{ grantedBy: 'key_1', tokenKeyId: 'ws_1/2', issuedAtMs: 1, expiresAtMs: clock.nowMs() + 60_000 },
    session: { id: 'session-1', beganAtMs: 2 },
  };
  const { ticket } = tickets.issue(principal);
  expect(await tickets.redeem(ticket, () => true)).toEqual(principal);
});
