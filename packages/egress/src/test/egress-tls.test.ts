import {
  type Certificate,
  makeAuthority,
  makeCertificate,
  startHostileServer,
  startReceiver,
} from '@tidings/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { TlsOptions } from '../connection/tls-contexts.ts';
import { aRequest, briefly, openEgress, settled, tableResolver } from './egress-under-test.ts';

const hour = 3_600_000;
const authority = makeAuthority();
const name = 'hooks.example';
const resolver = tableResolver({ [name]: ['127.0.0.1'], 'other.example': ['127.0.0.1'] });

async function secureReceiver(certificate: Certificate, clientAuthority?: string) {
  const ca = clientAuthority === undefined ? {} : { ca: clientAuthority };
  return startReceiver({ tls: { ...certificate, ...ca }, cleanUp: onTestFinished });
}

const trusting: TlsOptions = { ca: authority.cert };

test('accepts a certificate of a trusted authority for the name, and reports the time of every phase', async () => {
  const receiver = await secureReceiver(authority.issue({ hosts: [name] }));
  const egress = openEgress({ resolver });
  const url = `https://${name}:${receiver.port}/`;
  const first = await egress.send(aRequest(url, { tls: trusting }));
  expect(briefly(first)).toBe('response 204');
  const { dnsMs, connectMs, tlsMs, firstByteMs, bodyMs, totalMs } = first.timings;
  for (const ms of [dnsMs, connectMs, tlsMs, firstByteMs, bodyMs]) expect(ms).toBeGreaterThanOrEqual(0);
  expect(totalMs).toBeGreaterThanOrEqual((connectMs ?? 0) + (tlsMs ?? 0) + (firstByteMs ?? 0) - 0.1);
  const second = await egress.send(aRequest(url, { tls: trusting }));
  expect(second.timings).toMatchObject({ dnsMs: null, connectMs: null, tlsMs: null });
  expect(receiver.connections()).toBe(1);
});

test('reports the phases of a failed request, the last with the time until the failure', async () => {
  const refusing = await secureReceiver(makeCertificate({ hosts: [name] }));
  const egress = openEgress({ resolver });
  const failedIn = async (url: string, timeoutMs = 2_000) => {
    const { timings } = await egress.send(aRequest(url, { tls: trusting, timeoutMs }));
    const { dnsMs, connectMs, tlsMs, firstByteMs, bodyMs } = timings;
    return [dnsMs, connectMs, tlsMs, firstByteMs, bodyMs].map((ms) => ms !== null);
  };
  expect(await failedIn(`https://${name}:${refusing.port}/`)).toEqual([true, true, true, false, false]);
  const closed = await secureReceiver(authority.issue({ hosts: ['127.0.0.1'] }));
  await closed.close();
  expect(await failedIn(closed.url)).toEqual([false, true, false, false, false]);
  const hanging = await secureReceiver(authority.issue({ hosts: ['127.0.0.1'] }));
  hanging.answer('hang');
  expect(await failedIn(hanging.url, 300)).toEqual([false, true, true, true, false]);
  hanging.answer({ status: 204 });
  expect(await failedIn(hanging.url)).toEqual([false, true, true, true, true]);
  hanging.answer('hang');
  expect(await failedIn(hanging.url, 300)).toEqual([false, false, false, true, false]);
});

test('a literal address requires a certificate for that address', async () => {
  const receiver = await secureReceiver(authority.issue({ hosts: ['127.0.0.1'] }));
  const egress = openEgress({ resolver });
  expect(briefly(await egress.send(aRequest(receiver.url, { tls: trusting })))).toBe('response 204');
  const other = await secureReceiver(authority.issue({ hosts: ['127.0.0.2'] }));
  expect(briefly(await egress.send(aRequest(other.url, { tls: trusting })))).toBe('tls');
});

test.each<[string, () => Certificate]>([
  ['D17 for another host', () => authority.issue({ hosts: ['other.example'] })],
  ['without any host', () => authority.issue({})],
  [
    'D17 expired',
    () =>
      authority.issue({ hosts: [name], notBeforeMs: Date.now() - 2 * hour, notAfterMs: Date.now() - hour }),
  ],
  [
    'not valid yet',
    () =>
      authority.issue({ hosts: [name], notBeforeMs: Date.now() + hour, notAfterMs: Date.now() + 2 * hour }),
  ],
  ['D17 self-signed', () => makeCertificate({ hosts: [name] })],
  ['by another authority', () => makeAuthority().issue({ hosts: [name] })],
])('a certificate %s is refused before a byte of the request', async (_case, make) => {
  const receiver = await secureReceiver(make());
  const egress = openEgress({ resolver });
  const outcome = await egress.send(aRequest(`https://${name}:${receiver.port}/`, { tls: trusting }));
  expect(outcome).toMatchObject({ kind: 'failed', reason: 'tls', beforeAnyByte: false });
  await settled(egress);
  expect(receiver.requests).toEqual([]);
});

test('a request without its own authority trusts the public ones only', async () => {
  const receiver = await secureReceiver(authority.issue({ hosts: [name] }));
  const egress = openEgress({ resolver });
  expect(briefly(await egress.send(aRequest(`https://${name}:${receiver.port}/`)))).toBe('tls');
});

test('SNI contains the name, and never an address', async () => {
  const names: string[] = [];
  const certificate = authority.issue({ hosts: [name, '127.0.0.1'] });
  const server = await startHostileServer({
    behave: 'half-close',
    tls: { ...certificate, onServerName: (heard) => names.push(heard) },
    cleanUp: onTestFinished,
  });
  const egress = openEgress({ resolver });
  expect(briefly(await egress.send(aRequest(`https://${name}:${server.port}/`, { tls: trusting })))).toBe(
    'response 200',
  );
  expect(briefly(await egress.send(aRequest(server.url, { tls: trusting })))).toBe('response 200');
  expect(names).toEqual([name]);
});

test('indented PEM is accepted', async () => {
  const clients = makeAuthority('partner clients');
  const receiver = await secureReceiver(authority.issue({ hosts: [name] }), clients.cert);
  const egress = openEgress({ resolver });
  const indented = (pem: string) => pem.replaceAll(/^(?=.)/gm, '  ').replaceAll('\n', ' \r\n');
  const { cert, key } = clients.issue({ hosts: ['tidings'] });
  const tls = { ca: indented(authority.cert), cert: indented(cert), key: indented(key) };
  expect(briefly(await egress.send(aRequest(`https://${name}:${receiver.port}/`, { tls })))).toBe(
    'response 204',
  );
});

test('sends a client certificate on request, and fails without one', async () => {
  const clients = makeAuthority('partner clients');
  const receiver = await secureReceiver(authority.issue({ hosts: [name] }), clients.cert);
  const egress = openEgress({ resolver });
  const url = `https://${name}:${receiver.port}/`;
  const client = clients.issue({ hosts: ['tidings'] });
  expect(briefly(await egress.send(aRequest(url, { tls: { ...trusting, ...client } })))).toBe('response 204');
  // In TLS 1.3 the client has finished before the server checks its certificate: the alert (RFC 8446 section 6.2) is
  // read in place of the response.
  expect(await egress.send(aRequest(url, { tls: trusting }))).toMatchObject({
    reason: 'tls',
    detail: expect.stringContaining('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED') as string,
    beforeAnyByte: false,
  });
  expect(receiver.requests).toHaveLength(1);
});

test('a reused socket that ends with a TLS close_notify before any byte sets beforeAnyByte', async () => {
  let requests = 0;
  const server = await startHostileServer({
    tls: authority.issue({ hosts: [name] }),
    behave: (socket) => {
      requests += 1;
      if (requests === 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      else socket.end();
    },
    cleanUp: onTestFinished,
  });
  const egress = openEgress({ resolver });
  const url = `https://${name}:${server.port}/`;
  expect(briefly(await egress.send(aRequest(url, { tls: trusting })))).toBe('response 200');
  expect(await egress.send(aRequest(url, { tls: trusting }))).toMatchObject({
    reason: 'reset',
    beforeAnyByte: true,
  });
});

test('an unreadable key fails as tls and does not throw', async () => {
  const egress = openEgress({ resolver });
  const tls = { cert: 'not pem', key: 'not pem' };
  expect(await egress.send(aRequest(`https://${name}/`, { tls }))).toMatchObject({ reason: 'tls' });
});

test('only requests with equal TLS options share sockets', async () => {
  const receiver = await secureReceiver(authority.issue({ hosts: [name] }));
  const egress = openEgress({ resolver });
  const url = `https://${name}:${receiver.port}/`;
  await egress.send(aRequest(url, { tls: { ca: authority.cert } }));
  await egress.send(aRequest(url, { tls: { ca: authority.cert } }));
  expect(receiver.connections()).toBe(1);
  expect(briefly(await egress.send(aRequest(url)))).toBe('tls');
  await egress.send(aRequest(url, { tls: { ca: `${authority.cert}\n${makeAuthority('second').cert}` } }));
  expect(receiver.connections()).toBe(2);
});

test('a server that never responds to the TLS ClientHello ends at the deadline', async () => {
  const server = await startHostileServer({ behave: 'blackhole', cleanUp: onTestFinished });
  const egress = openEgress({ resolver });
  const outcome = await egress.send(aRequest(`https://127.0.0.1:${server.port}/`, { timeoutMs: 1_000 }));
  expect(outcome).toMatchObject({ reason: 'timeout', detail: expect.stringContaining('tls') as string });
  await settled(egress);
});

test('a server that responds in plain HTTP to TLS fails as tls', async () => {
  const receiver = await startReceiver({ cleanUp: onTestFinished });
  const egress = openEgress({ resolver });
  expect(briefly(await egress.send(aRequest(`https://127.0.0.1:${receiver.port}/`)))).toBe('tls');
});
