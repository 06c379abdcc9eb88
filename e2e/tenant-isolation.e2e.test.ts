import { eventually, lintApi, type Receiver } from '@tidings/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Caller, guards, statusAt, untilJobsEnd } from './harness/caller.ts';
import { ghostOf, makeParties } from './harness/isolation/parties.ts';
import { type Foreigner, IsolationProbe, isOfOne, variantsOf } from './harness/isolation/probe.ts';
import { queryAims } from './harness/isolation/query-aims.ts';
import { requestOf, triesOf } from './harness/isolation/requests.ts';
import { isolationRules } from './harness/isolation/rules.ts';
import { type Description, type Operation, operationsOf } from './harness/operations.ts';
import { bodyOf, sendRequest } from './harness/send-request.ts';
import { sharedTidings } from './harness/shared-tidings.ts';
import type { LocalStack } from './harness/tidings.ts';

let local: LocalStack;
let url: string;
let description: Description;
let probe: IsolationProbe;
let endpoint: Receiver;

beforeAll(async () => {
  local = await sharedTidings();
  url = local.url;
  description = (await (await fetch(`${url}/v1/openapi.json`)).json()) as Description;
  const made = await makeParties(local);
  endpoint = made.endpoint;
  probe = new IsolationProbe({ ...made, url, ghost: ghostOf(made.owned), operations: guarded() });
});
afterAll(async () => {
  await endpoint?.close();
});

const all = (): readonly Operation[] => operationsOf(description);
const guarded = (): readonly Operation[] => all().filter(({ scope }) => scope !== null);
const names = (operations: readonly Operation[]): readonly string[] =>
  operations.map(({ operationId }) => operationId);

it('describes all services completely and without lint errors', async () => {
  expect(description.info).not.toHaveProperty('x-missing-services');
  expect(await lintApi(description)).toEqual([]);
});

const readsFirst = (a: Operation, b: Operation): number =>
  Number(b.method === 'GET') - Number(a.method === 'GET');

describe('the table of isolation rules', () => {
  it('has a rule for every operation: add yours to harness/isolation/rules.ts', () => {
    expect(names(all().filter(({ operationId }) => isolationRules[operationId] === undefined))).toEqual([]);
    const isOpen = ({ operationId }: Operation): boolean => isolationRules[operationId] === 'public';
    expect(names(all().filter((operation) => (operation.scope === null) !== isOpen(operation)))).toEqual([]);
    const known = new Set(names(all()));
    expect(Object.keys(isolationRules).filter((name) => !known.has(name))).toEqual([]);
  });

  it('agrees with the description on how each operation refuses', () => {
    const missing = guarded().flatMap((operation) => {
      const { takesIfMatch, takesBody, statuses } = operation;
      const refusals = operation.scope === 'any' ? [401, 429, 503] : [401, 403, 429, 503];
      if (isOfOne(operation)) refusals.push(404);
      if (takesIfMatch) refusals.push(412);
      if (takesBody) refusals.push(400, 413, 415, 422);
      return refusals
        .filter((status) => !statuses.includes(status))
        .map((status) => [operation.operationId, status]);
    });
    expect(missing).toEqual([]);
  });

  it('has a value for every parameter that can name an object: add yours to queryAims', () => {
    const unknown = guarded().flatMap(({ query }) => query.filter((name) => queryAims[name] === undefined));
    expect(unknown).toEqual([]);
  });

  it('covers every object that a path names', () => {
    const tries = guarded().filter(isOfOne).flatMap(triesOf);
    const outcomes = new Set(tries.flatMap(({ stranger, neighbour }) => [stranger, neighbour]));
    expect([...outcomes].sort()).toEqual([403, 404]);
  });
});

describe('tenant isolation', () => {
  it('lets the owner see its objects', async () => {
    const seen = await probe.viewOf(probe.parties.owner, guarded().filter(isOfOne));
    expect(seen.map(([operationId, status]) => [operationId, status])).toEqual(
      seen.map(([operationId]) => [operationId, 200]),
    );
    expect(seen.length).toBeGreaterThan(7);
  });

  const showsNothing = async (who: Foreigner): Promise<void> => {
    const before = await probe.everything(who);
    const faults: unknown[] = [];
    // Reads first: a list of jobs repeats the requests of its caller, and those of the writes name foreign objects.
    for (const operation of guarded().toSorted(readsFirst)) {
      for (const one of triesOf(operation)) faults.push(...(await probe.faultsOf(operation, one, who)));
    }
    expect(faults).toEqual([]);
    await untilJobsEnd(new Caller(url, probe.parties[who]));
    expect(await probe.everything(who)).toEqual(before);
  };

  it('shows a stranger nothing', async () => showsNothing('stranger'));

  it('hides the objects of a workspace from the operator of the platform', async () => {
    const before = await probe.everything('stranger');
    for (const operation of guarded().filter(isOfOne)) {
      const [first] = triesOf(operation);
      // Workspaces themselves belong to the operator.
      if (first === undefined || operation.path.includes('/workspaces/')) continue;
      for (const variant of variantsOf(requestOf(operation, first, probe.owned), operation)) {
        const answer = await sendRequest(url, { ...variant, key: local.admin_key });
        expect([operation.operationId, answer.status]).toEqual([operation.operationId, 404]);
        expect(probe.seenIn(answer, variant, 'stranger')).toEqual([]);
      }
    }
    expect(await probe.everything('stranger')).toEqual(before);
  });

  // Last: what they make in the workspace of the owner appears in its lists and figures, some of it later.
  it.each<Foreigner>(['neighbour', 'visitor'])('shows a %s nothing', showsNothing);

  it('rejects a cursor issued to another key', async () => {
    const lists = guarded().filter(({ query }) => query.includes('cursor'));
    const taken: string[] = [];
    for (const { operationId, path } of lists) {
      const { status, text } = await sendRequest(url, {
        key: probe.parties.owner,
        method: 'GET',
        path: `${path}?limit=1`,
      });
      const cursor = status === 200 ? (JSON.parse(text) as { next_cursor: string | null }).next_cursor : null;
      if (cursor === null) continue;
      taken.push(operationId);
      for (const key of [probe.parties.stranger, probe.parties.neighbour, probe.parties.visitor]) {
        const answer = await sendRequest(url, {
          key,
          method: 'GET',
          path: `${path}?limit=1&cursor=${cursor}`,
        });
        expect([operationId, answer.status]).toEqual([operationId, answer.status === 403 ? 403 : 400]);
      }
    }
    expect(taken).toContain('listDeadLetters');
    expect(taken).toContain('listEventTypes');
  });

  it.each([
    ['createSubscription', ['owner', 'partner', 'neighbour', 'stranger']],
    ['publishEvent', ['owner', 'stranger']],
  ] as const)(
    'returns no stored response of another key for the same Idempotency-Key of %s',
    async (operationId, who) => {
      const operation = guarded().find((one) => one.operationId === operationId);
      const [first] = operation === undefined ? [] : triesOf(operation);
      if (operation === undefined || first === undefined) throw new Error(`there is no ${operationId}`);
      const request = { ...requestOf(operation, first, probe.owned), idempotencyKey: 'the same for all' };
      const ids = new Set<string>();
      for (const one of who) {
        const answer = await sendRequest(url, { ...request, key: probe.parties[one] });
        expect(answer.headers).not.toHaveProperty('idempotency-replayed');
        ids.add(bodyOf<{ id: string }>(answer, 201, 202).id);
      }
      expect(ids.size).toBe(who.length);
    },
  );

  it('refuses a key without the scope before it looks up any object', async () => {
    const scopes = new Set(guarded().map(({ scope }) => String(scope)));
    scopes.delete('any');
    const owner = new Caller(url, probe.parties.owner);
    const others = ['events:write', 'sources:write', 'subscriptions:read', 'subscriptions:write'];
    const held = [...others, 'deliveries:read', 'deliveries:write'];
    for (const scope of scopes) {
      const rest = scope === 'platform' ? [...held, 'admin'] : held.filter((one) => one !== scope);
      const { key } = await owner.newKey(local, { scopes: rest });
      for (const operation of guarded().filter((one) => one.scope === scope)) {
        for (const one of triesOf(operation)) {
          const requests = [probe.owned, probe.ghost].flatMap((named) =>
            variantsOf(requestOf(operation, one, named), operation),
          );
          for (const request of requests) {
            const answer = await sendRequest(url, { ...request, key });
            const { code, detail } = JSON.parse(answer.text) as Record<string, unknown>;
            expect([operation.operationId, answer.status, code, detail]).toEqual([
              ...[operation.operationId, 403, 'forbidden'],
              `The key lacks the scope '${scope}'.`,
            ]);
          }
        }
      }
    }
  });

  it('reports an outdated version to the owner before it validates the body', async () => {
    const changing = guarded().filter(({ takesIfMatch }) => takesIfMatch);
    const operator = ['enableWorkspace', 'disableWorkspace'];
    for (const operation of changing) {
      const [first] = triesOf(operation);
      if (first === undefined) throw new Error(`${operation.operationId} has no row`);
      const key = operator.includes(operation.operationId) ? local.admin_key : probe.parties.owner;
      const request = requestOf(operation, first, probe.owned);
      for (const variant of variantsOf(request, operation)) {
        const { status } = await sendRequest(url, { ...variant, key, ifMatch: '"999"' });
        expect([operation.operationId, variant.body, status]).toEqual([
          operation.operationId,
          variant.body,
          412,
        ]);
      }
    }
    expect(changing.length).toBeGreaterThan(10);
  });

  it('accepts a token until it expires, and not after', async () => {
    const owner = new Caller(url, probe.parties.owner);
    const token = await owner.newToken(local, { consumer_id: 'visitor_feed', expires_in_seconds: 3 });
    for (const service of guards) {
      await eventually(async () => expect(await statusAt(url, service, token)).toBe(401));
    }
  });

  it('refuses a revoked key and its tokens within 2 s at every service under load', async () => {
    const owner = new Caller(url, probe.parties.owner);
    const { id, key } = await owner.newKey(local, { scopes: ['admin'] });
    const token = await new Caller(url, key).newToken(local, { consumer_id: 'visitor_feed' });
    const doors = guards.flatMap((service) =>
      [url, String(local.services[service])].map((door) => [door, service] as const),
    );
    let isOver = false;
    const load = doors.map(async ([door, service]) => {
      while (!isOver) {
        const statuses = await Promise.all(
          Array.from({ length: 4 }, async () => statusAt(door, service, probe.parties.owner)),
        );
        expect(statuses).not.toContain(401);
      }
    });
    try {
      await owner.call('POST', `/webhooks/api-keys/${id}/revoke`);
      const refused = doors.flatMap(([door, service]) =>
        [key, token].map(async (one) =>
          eventually(async () => expect(await statusAt(door, service, one)).toBe(401)),
        ),
      );
      await Promise.all(refused);
    } finally {
      isOver = true;
      await Promise.all(load);
    }
  });

  it.each([
    ['without a key', null],
    ['with an unknown key', 'no-such-key'],
  ])('refuses every request %s with 401', async (_how, key) => {
    for (const operation of guarded()) {
      for (const one of triesOf(operation)) {
        for (const request of variantsOf(requestOf(operation, one, probe.owned), operation)) {
          const { status } = await sendRequest(url, { ...request, key });
          expect([operation.operationId, status]).toEqual([operation.operationId, 401]);
        }
      }
    }
  });
});
