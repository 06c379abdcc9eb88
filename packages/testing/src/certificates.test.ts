import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { makeAuthority, makeCertificate } from './certificates.ts';

const hour = 3_600_000;

test('an authority issues certificates that it has signed, for names and addresses', () => {
  const authority = makeAuthority('our own');
  const root = new X509Certificate(authority.cert);
  const leaf = new X509Certificate(authority.issue({ hosts: ['hooks.example', '127.0.0.1'] }).cert);
  expect(root.ca).toBe(true);
  expect(leaf.ca).toBe(false);
  expect(leaf.verify(root.publicKey)).toBe(true);
  expect(leaf.checkIssued(root)).toBe(true);
  expect([leaf.checkHost('hooks.example'), leaf.checkIP('127.0.0.1')]).toEqual([
    'hooks.example',
    '127.0.0.1',
  ]);
  expect(leaf.checkHost('other.example')).toBeUndefined();
});

test('a certificate without an issuer signs itself, and is valid in the configured period', () => {
  const start = Date.UTC(2026, 0, 1);
  const { cert } = makeCertificate({ hosts: ['a.example'], notBeforeMs: start, notAfterMs: start + hour });
  const certificate = new X509Certificate(cert);
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect([Date.parse(certificate.validFrom), Date.parse(certificate.validTo)]).toEqual([start, start + hour]);
});
