import { makeAuthority, makeCertificate } from '@tidings/testing';
import { expect, it } from 'vitest';
import { isSameTls, readTls } from './tls-material.ts';

const hour = 3_600_000;
const nowMs = Date.now();
const authority = makeAuthority();
const client = authority.issue({ hosts: ['client'] });
const other = makeCertificate({ hosts: ['other'] });
const certificate = client.cert;
const { key } = client;
const indented = (pem: string) => pem.replaceAll(/^(?=.)/gm, '  ');
const pointersOf = (body: Parameters<typeof readTls>[0]) =>
  readTls(body, nowMs).faults.map(({ pointer }) => pointer);

it.each([
  [{ ca: authority.cert }],
  [{ ca: authority.cert + other.cert }],
  [{ ca: `# Some Root CA\n=====\n${authority.cert}\nsubject=CN = other\n${other.cert}\n# end` }],
  [{ ca: `\ufeff${authority.cert}` }],
  [{ ca: indented(authority.cert + other.cert) }],
  [{ certificate: indented(certificate), key: indented(key) }],
  [{ certificate: `Bag Attributes\n    friendlyName: client\n${certificate}`, key }],
  [{ certificate, key }],
  [{ certificate: certificate + authority.cert, key, ca: authority.cert }],
])('accepts matching material', (body) => {
  expect(pointersOf(body)).toEqual([]);
});

it('returns only the fingerprint and the expiry of each certificate', () => {
  const notAfterMs = Math.floor(nowMs / 1_000) * 1_000 + hour;
  const lasting = authority.issue({ hosts: ['client'], notAfterMs });
  const { certificate: facts } = readTls({ certificate: lasting.cert, key: lasting.key }, nowMs);
  expect(facts).toEqual([
    { fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/) as string, expiresAtMs: notAfterMs },
  ]);
});

const expired = authority.issue({
  hosts: ['client'],
  notBeforeMs: nowMs - 2 * hour,
  notAfterMs: nowMs - hour,
});

it.each<[string, Parameters<typeof readTls>[0], string]>([
  ['nothing', {}, '/tls'],
  ['text that is not PEM', { ca: 'trust me' }, '/tls/ca'],
  [
    'PEM around what is no certificate',
    { ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' },
    '/tls/ca',
  ],
  ['a block that is not ended', { ca: `${authority.cert}-----BEGIN CERTIFICATE-----\nAAAA` }, '/tls/ca'],
  [
    'a block of another kind',
    { ca: `${authority.cert}${authority.cert.replaceAll('CERTIFICATE', 'X509 CRL')}` },
    '/tls/ca',
  ],
  ['a marker behind other text', { ca: `ca: ${authority.cert}` }, '/tls/ca'],
  ['a marker that ends the line of another', { ca: authority.cert.trim() + other.cert }, '/tls/ca'],
  ['blocks in one line', { ca: authority.cert.replaceAll('\n', ' ') }, '/tls/ca'],
  ['a key among them', { ca: authority.cert + key }, '/tls/ca'],
  ['a certificate without its key', { certificate }, '/tls/key'],
  ['a key without its certificate', { key }, '/tls/certificate'],
  ['a key of another certificate', { certificate, key: other.key }, '/tls/key'],
  ['a chain in the wrong order', { certificate: authority.cert + certificate, key }, '/tls/key'],
  ['text that is not a key', { certificate, key: 'key' }, '/tls/key'],
  ['a certificate instead of the key', { certificate, key: certificate }, '/tls/key'],
  ['a certificate that has expired', { certificate: expired.cert, key: expired.key }, '/tls/certificate'],
])('rejects %s', (_case, body, pointer) => {
  expect(pointersOf(body)).toEqual([pointer]);
});

it('recognises the same certificates', () => {
  expect(isSameTls(readTls({ certificate, key }, nowMs), readTls({ certificate, key }, nowMs))).toBe(true);
  expect(isSameTls(readTls({ ca: certificate }, nowMs), readTls({ certificate, key }, nowMs))).toBe(false);
});
