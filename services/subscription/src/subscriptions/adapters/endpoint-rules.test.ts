import { readFileSync } from 'node:fs';
import { createEgress, type Resolution } from '@tidings/egress';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serveInMemory } from '../../../test/memory/in-memory-api.ts';
import { aBody, pointersOf } from '../../../test/registry-api.ts';
import { endpointRule } from './endpoint-rules.ts';

type Row = Readonly<{ input: string; expected: 'reject' | 'accept'; resolvesTo?: readonly string[] }>;

const fixtures = '../../../../../packages/egress/fixtures/ssrf-cases.json';
const rows = JSON.parse(readFileSync(new URL(fixtures, import.meta.url), 'utf8')) as readonly Row[];
const rejected = rows.filter(({ expected }) => expected === 'reject');
const accepted = rows.filter(({ expected }) => expected === 'accept');
const publicAddress = '93.184.215.14';

const unresolvable = async (): Promise<Resolution> => {
  throw Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
};

const roomyWorkspaces = {
  rulesOf: async () => ({ allowHttp: true, maxSubscriptions: 100 }),
  consumerFault: async () => null,
  ensureConsumer: async () => {},
};

/** Serves the API with the real rules; every name resolves to these addresses, or to none. */
async function serve(allowHttp: boolean, addresses: readonly string[] | null = [publicAddress]) {
  const resolve = addresses === null ? unresolvable : async () => ({ addresses, ttlMs: 0 });
  const egress = createEgress({ policy: { allowedNetworks: [], allowHttp }, resolver: { resolve } });
  onTestFinished(async () => egress.close());
  return serveInMemory({ checkEndpoint: endpointRule(egress), workspaces: roomyWorkspaces });
}

describe('registration', () => {
  it('covers the whole table', () => {
    expect([rejected.length, accepted.length]).toEqual([67, 9]);
  });

  it.each(rejected)('rejects $input, as it is and as https', async ({ input, resolvesTo }) => {
    for (const [allowHttp, url] of [
      [true, input],
      [false, input.replace(/^http:/, 'https:')],
    ] as const) {
      const { call } = await serve(allowHttp, resolvesTo);
      const created = await call('POST', '', { body: aBody({ endpoint_url: url }) });
      expect(created.status).toBe(422);
      expect(pointersOf(created)).toContain('/endpoint_url');
      // The response may repeat the caller's input, but never the address that a name resolves to.
      const said = JSON.stringify(created.body);
      for (const address of resolvesTo ?? []) {
        if (!input.includes(address)) expect(said).not.toContain(address);
      }
      const { body } = await call('POST', '', { body: aBody() });
      // In these rows the subscription's own endpoint would resolve to the refused address too.
      if (resolvesTo !== undefined) continue;
      const changed = await call('PATCH', `/${body.id}`, { body: { endpoint_url: url } });
      expect(changed.status).toBe(422);
    }
  });

  it.each(accepted)('accepts $input', async ({ input }) => {
    const { call } = await serve(false);
    const { status, body } = await call('POST', '', { body: aBody({ endpoint_url: input }) });
    expect(status).toBe(201);
    expect(body.warnings).toEqual([]);
  });

  it('accepts a name that does not resolve, with a warning', async () => {
    const { call } = await serve(false, null);
    const { status, body } = await call('POST', '', { body: aBody() });
    expect(status).toBe(201);
    const detail = expect.stringContaining('no address in DNS') as string;
    expect(body.warnings).toEqual([{ pointer: '/endpoint_url', detail }]);
    const other = { endpoint_url: 'https://other.example/' };
    expect((await call('PATCH', `/${body.id}`, { body: other })).body.warnings).toHaveLength(1);
    expect((await call('PATCH', `/${body.id}`, { body: { description: 'x' } })).body.warnings).toEqual([]);
  });

  // The second name begins with a Cyrillic letter that looks like an a.
  it.each([
    ['https://bücher.example/hooks', 'https://xn--bcher-kva.example/hooks'],
    ['https://\u0430pple.example/', 'https://xn--pple-43d.example/'],
  ])('D21 shows %s by its ASCII name, which cannot be confused with another', async (input, shown) => {
    const { call } = await serve(false);
    const { body } = await call('POST', '', { body: aBody({ endpoint_url: input }) });
    expect(body).toMatchObject({ endpoint_url: shown });
    expect((await call('GET', `/${body.id}`)).body).toMatchObject({ endpoint_url: shown });
  });
});
