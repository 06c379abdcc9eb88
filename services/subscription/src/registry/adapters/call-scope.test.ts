import { route } from '@tidings/http';
import { expect, it } from 'vitest';
import { serveRoutes } from '../../../test/memory/serve-routes.ts';
import { actorOf } from './call-scope.ts';

const whoAsks = route({
  operationId: 'whoAsks',
  method: 'GET',
  path: '/actor',
  access: 'admin',
  tag: 'API keys',
  summary: 'Return the actor',
  responses: { 200: { description: 'The actor.', schema: { type: 'object' } } },
  handle: async (call) => {
    const { keyId, address } = actorOf(call);
    return { status: 200, body: { keyId, address } };
  },
});

it('records the client behind a trusted proxy, and ignores the header of an untrusted one', async () => {
  const headers = { authorization: 'Bearer own', 'x-forwarded-for': '203.0.113.9' };
  const seen: unknown[] = [];
  for (const trustedProxies of [['127.0.0.1/32'], []]) {
    const { url } = await serveRoutes([whoAsks], { trustedProxies });
    seen.push(await (await fetch(`${url}/actor`, { headers })).json());
  }
  expect(seen).toEqual([
    { keyId: 'key_own', address: '203.0.113.9' },
    { keyId: 'key_own', address: expect.stringContaining('127.0.0.1') as string },
  ]);
});
