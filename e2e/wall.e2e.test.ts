import { lintApi } from '@tidings/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTidings, type Tidings } from './harness/tidings.ts';
import { aimedAt, type Description, type Operation, operationsOf, wallRules } from './harness/wall.ts';

let tidings: Tidings;
let url: string;
let description: Description;

// Nothing of it exists: without a key that must not show.
const owned = {
  workspace: 'ws_of_others',
  consumer: 'acme',
  subscription: 'sub_0199f8a27b3c7d2e8f4a5b6c7d8e9f00',
  delivery: 'dlv_2c26b46b68ffc68ff99b453c1d304134',
  eventType: 'order.paid',
  apiKey: 'key_0199f8a27b3c7d2e8f4a5b6c7d8e9f00',
};

beforeAll(async () => {
  tidings = await startTidings();
  url = String((await tidings.local()).url);
  description = (await (await fetch(`${url}/v1/openapi.json`)).json()) as Description;
});
afterAll(async () => {
  await tidings?.stop();
});

const all = (): readonly Operation[] => operationsOf(description);

it('the description of all services is complete and without a fault', async () => {
  expect(description.info).not.toHaveProperty('x-missing-services');
  expect(await lintApi(description)).toEqual([]);
});

describe('the wall', () => {
  it('has a rule for every operation: add yours to harness/wall.ts', () => {
    const without = all().filter(({ operationId }) => wallRules[operationId] === undefined);
    expect(without.map(({ operationId }) => operationId)).toEqual([]);
    const isOpen = ({ operationId }: Operation): boolean => wallRules[operationId] === 'public';
    const wrong = all().filter((operation) => (operation.scope === null) !== isOpen(operation));
    expect(wrong.map(({ operationId }) => operationId)).toEqual([]);
  });

  it.each([
    ['without a key', {}, [401]],
    // After 20 wrong keys in a minute a service looks at none of this address any more.
    ['with a key that nobody knows', { authorization: 'Bearer no-such-key' }, [401, 429]],
  ])('lets nobody in %s, whatever is asked for', async (_how, headers, refusals) => {
    const seen = new Set<number>();
    for (const operation of all().filter(({ scope }) => scope !== null)) {
      const { path, body } = aimedAt(operation, owned);
      const response = await fetch(`${url}${path}`, {
        method: operation.method,
        headers: { ...headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const isRefused = refusals.includes(response.status);
      expect([operation.operationId, response.status, isRefused]).toContain(true);
      seen.add(response.status);
    }
    expect(seen).toContain(401);
  });
});
