import { describe, expect, test } from 'vitest';
import { closedPolicy, loopbackPolicy } from '../test/egress-under-test.ts';
import { parseNetworks } from './networks.ts';
import { checkUrl, type UrlRule } from './url-policy.ts';

const rulesOf = (url: string, policy = closedPolicy): readonly UrlRule[] => {
  const check = checkUrl(url, policy);
  return check.ok ? [] : check.violations.map(({ rule }) => rule);
};

test.each<[UrlRule, string]>([
  ['length', `https://example.com/${'a'.repeat(2_048)}`],
  ['length', `https://${'a.'.repeat(127)}example.com/`],
  ['character', 'https://example.com/a b'],
  ['character', ' https://example.com/'],
  ['character', 'https://example.com/\u0000'],
  ['character', 'https://example.com/\u00a0'],
  ['character', 'https://exa\nmple.com/'],
  ['syntax', 'https:example.com'],
  ['syntax', 'https:///example.com/'],
  ['syntax', 'example.com'],
  ['syntax', ''],
  ['scheme', 'ftp://example.com/'],
  ['scheme', 'http://example.com/'],
  ['scheme', 'wss://example.com/'],
  ['userinfo', 'https://user@example.com/'],
  ['userinfo', 'https://@example.com/'],
  ['userinfo', 'https://:@example.com/'],
  ['fragment', 'https://example.com/#a'],
  ['fragment', 'https://example.com/#'],
  ['port', 'https://example.com:80/'],
  ['port', 'https://example.com:0443/'],
  ['port', 'https://example.com:0/'],
  ['port', 'https://[2606:2800::1]:022/'],
  ['dot-segment', 'https://example.com/a/../b'],
  ['dot-segment', 'https://example.com/./a'],
  ['dot-segment', 'https://example.com/a/..'],
  ['dot-segment', 'https://example.com/a/%2E%2e/b?c'],
  ['name', 'https://intranet/'],
  ['name', 'https://printer.local/'],
  ['name', 'https://metadata.google.internal/'],
  ['name', 'https://a.svc.cluster.local/'],
  ['name', 'https://exa$mple.com/'],
  ['name', 'https://a..example.com/'],
  ['name', `https://${'a'.repeat(64)}.example.com/`],
  ['trailing-dot', 'https://example.com./'],
  ['name', 'https://localhost./'],
])('refuses by %s: %j', (rule, url) => {
  expect(rulesOf(url)).toContain(rule);
});

test.each([
  'https://example.com/?next=http://127.0.0.1/',
  'https://example.com:8443/',
  'https://example.com/a/...b/..c/.d?e=/../f',
  'https://bücher.example/',
  'https://a_b.example.com/x@y:z',
  'https://127.0.0.1.example.com/',
  'https://localhost.example.com/',
])('accepts %s', (url) => {
  expect(rulesOf(url)).toEqual([]);
});

test('reports the path that a URL with dot segments would request, also inside an allowed network', () => {
  expect(checkUrl('http://127.0.0.1/a/.%2e/b', loopbackPolicy)).toMatchObject({
    rule: 'dot-segment',
    detail: "the path contains the segment '.%2e'; write it as requested: '/b'",
  });
});

test.each([
  ['0', 'port 0 is not a valid port'],
  ['00', 'port 0 is not a valid port'],
  ['0443', "the port '0443' is written with a leading zero"],
])('reports the violation of the port %s', (port, detail) => {
  expect(checkUrl(`https://example.com:${port}/`, closedPolicy)).toMatchObject({ rule: 'port', detail });
});

test('reports every rule that a URL violates, in a fixed order', () => {
  const check = checkUrl('http://user@localhost.:22/#x', closedPolicy);
  expect(check).toMatchObject({ ok: false, rule: 'scheme' });
  expect(rulesOf('http://user@localhost.:22/#x')).toEqual([
    'scheme',
    'userinfo',
    'fragment',
    'trailing-dot',
    'name',
    'port',
  ]);
});

test('converts an international name to ASCII', () => {
  const check = checkUrl('https://bücher.example/', closedPolicy);
  expect(check.ok && check.url.hostname).toBe('xn--bcher-kva.example');
});

test('http requires the permission of the operator, and then allows port 80', () => {
  const policy = { ...closedPolicy, allowHttp: true };
  expect(rulesOf('http://example.com/', policy)).toEqual([]);
  expect(rulesOf('http://example.com:8443/', policy)).toEqual([]);
  expect(rulesOf('https://example.com:80/', policy)).toEqual(['port']);
});

test('the operator may set the ports', () => {
  const policy = { ...closedPolicy, allowedPorts: [443, 9443] };
  expect(rulesOf('https://example.com:9443/', policy)).toEqual([]);
  expect(rulesOf('https://example.com:8443/', policy)).toEqual(['port']);
});

describe('inside an allowed network', () => {
  test.each([
    'http://127.0.0.1:4000/hook',
    'https://127.0.0.1:9/',
    'http://[::1]:4000/',
    'http://localhost:4000/',
    'http://partner.localhost:4000/',
    'http://2130706433:4000/',
  ])('waives the rules on scheme, port, name and address: %s', (url) => {
    expect(rulesOf(url, loopbackPolicy)).toEqual([]);
  });

  test.each<[string, UrlRule]>([
    ['http://user@127.0.0.1/', 'userinfo'],
    ['http://127.0.0.1/#a', 'fragment'],
    ['file://127.0.0.1/etc/passwd', 'scheme'],
    ['http://127.0.0.1:0080/', 'port'],
    ['http://localhost./', 'trailing-dot'],
    ['http://10.0.0.1/', 'address'],
    ['http://[::ffff:127.0.0.1]/', 'address'],
    ['http://example.com/', 'scheme'],
    ['https://intranet/', 'name'],
  ])('applies every other rule: %s by %s', (url, rule) => {
    expect(rulesOf(url, loopbackPolicy)).toContain(rule);
  });

  test('localhost is allowed only if loopback is', () => {
    const policy = { ...closedPolicy, allowedNetworks: parseNetworks('10.0.0.0/8') };
    expect(rulesOf('https://localhost/', policy)).toEqual(['name']);
  });
});

describe('addresses of this installation', () => {
  const policy = {
    ...loopbackPolicy,
    ownDomains: ['tidings.example'],
    ownListeners: [
      { host: '127.0.0.1', port: 3000 },
      { host: 'hooks.example.com', port: 443 },
    ],
  };

  test.each<[string, UrlRule]>([
    ['https://tidings.example/', 'name'],
    ['https://api.TIDINGS.example/v1/events', 'name'],
    ['http://127.0.0.1:3000/v1/events', 'own-listener'],
    ['http://localhost:3000/v1/events', 'own-listener'],
    ['https://hooks.example.com/x', 'own-listener'],
  ])('%s is refused by %s', (url, rule) => {
    expect(rulesOf(url, policy)).toContain(rule);
  });

  test.each(['https://nottidings.example/', 'http://127.0.0.1:3001/', 'https://hooks.example.com:8443/x'])(
    '%s is not one of them',
    (url) => {
      expect(rulesOf(url, policy)).toEqual([]);
    },
  );
});
