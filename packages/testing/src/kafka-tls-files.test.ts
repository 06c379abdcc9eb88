import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSecurity } from '@tidings/kafka';
import { recordingLogger } from '@tidings/observability/testing';
import { expect, onTestFinished, test } from 'vitest';
import { makeAuthority } from './certificates.ts';

const authority = makeAuthority();

function givenFiles() {
  const folder = mkdtempSync(join(tmpdir(), 'tidings-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [ca, cert, key] = ['ca.pem', 'client.pem', 'client.key'].map((name) => join(folder, name));
  if (ca === undefined || cert === undefined || key === undefined) throw new TypeError('three files');
  const write = (notAfterMs: number) => {
    const issued = authority.issue({ hosts: ['client'], notAfterMs });
    writeFileSync(cert, issued.cert);
    writeFileSync(key, issued.key);
    return issued;
  };
  writeFileSync(ca, authority.cert);
  const logger = recordingLogger();
  const open = () => openSecurity({ tls: { ca, cert, key, serverName: 'kafka' } }, { logger });
  return { ca, cert, key, write, open, logger };
}

const second = 1_000;
const hour = 3_600 * second;
const roundedNow = Math.floor(Date.now() / second) * second;

test('a new connection gets the files as they are then, and their expiry is known', () => {
  const { write, open } = givenFiles();
  const first = write(roundedNow + hour);
  const security = open();
  // As kafkajs copies them for each socket.
  const connect = () => ({ ...security.settings().ssl });
  expect(connect()).toMatchObject({ servername: 'kafka', cert: Buffer.from(first.cert) });
  const second = write(roundedNow + 2 * hour);
  expect(connect()).toMatchObject({ cert: Buffer.from(second.cert), key: Buffer.from(second.key) });
  expect(security.files?.expiry().get('client')).toBe(roundedNow + 2 * hour);
  expect([...(security.files?.expiry().keys() ?? [])]).toEqual(['authority', 'client']);
});

test('a connection has a certificate and a key of one reading, whatever happens to the files meanwhile', () => {
  const { write, open } = givenFiles();
  const first = write(roundedNow + hour);
  const { ssl } = open().settings();
  expect(ssl?.ca).toEqual(Buffer.from(authority.cert));
  write(roundedNow + 2 * hour);
  expect([ssl?.cert, ssl?.key]).toEqual([Buffer.from(first.cert), Buffer.from(first.key)]);
});

test('files that do not fit together are left out, with one line in the log', () => {
  const { write, open, cert, logger } = givenFiles();
  const first = write(roundedNow + hour);
  const security = open();
  writeFileSync(cert, authority.issue({ hosts: ['client'] }).cert);
  const certs = [1, 2].map(() => security.settings().ssl?.cert);
  expect(certs).toEqual([Buffer.from(first.cert), Buffer.from(first.cert)]);
  expect(logger.lines.map(({ event }) => event)).toEqual(['kafka.tls-files']);
  expect(JSON.stringify(logger.lines)).toContain(
    `is not that of the certificate in ${cert}; connections use`,
  );
});

test('a start with wrong files says which one it is', () => {
  const { write, open, ca, cert, key } = givenFiles();
  expect(open).toThrow(`${cert} cannot be read: ENOENT`);
  write(roundedNow + hour);
  writeFileSync(key, 'no key');
  expect(open).toThrow(`${key} has no private key in PEM that can be read, or it needs another password`);
  writeFileSync(ca, 'no certificate');
  expect(open).toThrow(`${ca} has no certificate in PEM`);
});
