import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Resolver } from '../dns/resolver.ts';
import type { NetworkPolicy } from '../policy/network-policy.ts';
import { checkUrl, type UrlCheck, type UrlRule } from '../policy/url-policy.ts';
import { aRequest, briefly, openEgress, publicAddress, refusingDial } from './egress-under-test.ts';

type SsrfCase = Readonly<{
  input: string;
  expected: 'reject' | 'accept';
  rule?: UrlRule;
  resolvesTo?: readonly string[];
}>;

const cases = JSON.parse(
  readFileSync(new URL('../../fixtures/ssrf-cases.json', import.meta.url), 'utf8'),
) as readonly SsrfCase[];
const rejected = cases.filter(({ expected }) => expected === 'reject');
const accepted = cases.filter(({ expected }) => expected === 'accept');

const https: NetworkPolicy = { allowedNetworks: [], allowHttp: false };
const http: NetworkPolicy = { allowedNetworks: [], allowHttp: true };

// A case without resolvesTo tests the text: it must be refused whatever its name resolves to.
function resolverFor({ resolvesTo = [publicAddress] }: SsrfCase): Resolver {
  return { resolve: async () => ({ addresses: resolvesTo, ttlMs: 0 }) };
}

const rulesOf = (check: UrlCheck) => (check.ok ? [] : check.violations.map(({ rule }) => rule));

test('the table contains every case', () => {
  expect([rejected.length, accepted.length]).toEqual([67, 9]);
});

describe.each([
  ['as written, http allowed', http, (input: string) => input],
  ['as https, http not allowed', https, (input: string) => input.replace(/^http:/, 'https:')],
] as const)('%s', (_name, policy, rewrite) => {
  test.each(rejected)('refuses $input by $rule at registration', async (row) => {
    const input = rewrite(row.input);
    const egress = openEgress({ policy, resolver: resolverFor(row), dial: refusingDial().dial });
    expect(rulesOf(await egress.checkEndpoint(input))).toContain(row.rule);
    if (row.resolvesTo === undefined) expect(rulesOf(checkUrl(input, policy))).toContain(row.rule);
  });

  test.each(rejected)('refuses $input at connect, before anything is dialled', async (row) => {
    const { dial, dialled } = refusingDial();
    const egress = openEgress({ policy, resolver: resolverFor(row), dial });
    const outcome = await egress.send(aRequest(rewrite(row.input)));
    expect(['blocked-address', 'invalid-url']).toContain(briefly(outcome));
    expect(dialled).toEqual([]);
  });
});

test.each(accepted)('accepts $input and dials the checked address', async (row) => {
  const { dial, dialled } = refusingDial();
  const egress = openEgress({ policy: https, resolver: resolverFor(row), dial });
  expect(checkUrl(row.input, https)).toMatchObject({ ok: true });
  expect(await egress.checkEndpoint(row.input)).toMatchObject({ ok: true });
  expect(await egress.send(aRequest(row.input))).toMatchObject({ reason: 'refused' });
  const { hostname } = new URL(row.input);
  const host = hostname.replace(/^\[|\]$/g, '');
  expect(dialled).toEqual([isIP(host) === 0 ? publicAddress : host]);
});
