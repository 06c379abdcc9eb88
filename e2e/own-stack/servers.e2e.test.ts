import { exchange, malformedRequests } from '@tidings/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalStack, startTidings, type Tidings } from '../harness/tidings.ts';

let tidings: Tidings;
let local: LocalStack;

beforeAll(async () => {
  // Not the shared stack, which trusts the addresses that tests send: these tests require the default settings.
  tidings = await startTidings();
  local = await tidings.local();
});
afterAll(async () => {
  await tidings?.stop();
});

const portOf = (name: string): number => Number(new URL(local.services[name] ?? '').port);
const everyServer = ['console', 'ingress', 'subscription', 'history', 'fanout', 'delivery'];

describe('every server of Tidings', () => {
  it.each(everyServer)('refuses malformed requests in the same way: %s', async (name) => {
    for (const { name: request, text, status } of malformedRequests) {
      const answer = await exchange(portOf(name), text);
      expect(answer, request).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [^]*application/problem\\+json`));
    }
  });

  it.each(['/v1/Events', '/v1/events/', '/v1/webhooks/Subscriptions', '/v1/webhooks/subscriptions/'])(
    'accepts one spelling of a path only: %s',
    async (path) => {
      for (const name of ['console', 'ingress', 'subscription', 'history']) {
        const answer = await fetch(`${local.services[name]}${path}`, { method: 'POST', body: '{}' });
        expect(answer.status, name).toBe(404);
      }
    },
  );
});

describe('the address of a caller', () => {
  const makeConsumer = async (headers: Readonly<Record<string, string>>): Promise<Response> =>
    fetch(`${local.url}/v1/webhooks/consumers`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ id: `at-${Math.random().toString(36).slice(2)}`, name: 'A partner' }),
    });

  it('is the one that the console sees, also in the audit log, regardless of request headers', async () => {
    const authorization = `Bearer ${local.admin_key}`;
    const made = await makeConsumer({ authorization, 'x-forwarded-for': '203.0.113.9, 127.0.0.1' });
    expect(made.status).toBe(201);
    const log = await fetch(`${local.url}/v1/webhooks/audit-log`, { headers: { authorization } });
    const text = await log.text();
    expect(text).toContain('"127.0.0.1"');
    expect(text).not.toContain('203.0.113.9');
  });

  it('cannot be changed by headers to evade the rate limit for wrong keys', async () => {
    const statuses = new Set<number>();
    for (let tries = 0; tries < 200 && !statuses.has(429); tries += 1) {
      const answer = await makeConsumer({
        authorization: `Bearer wrong-${tries}`,
        'x-forwarded-for': `203.0.113.${tries}`,
      });
      statuses.add(answer.status);
    }
    expect([...statuses]).toEqual([401, 429]);
  });
});
