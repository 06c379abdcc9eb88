import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import {
  answering,
  type Certificate,
  eventually,
  type MisbehaviourName,
  makeAuthority,
  makeCertificate,
  misbehaviours,
  startHostileServer,
} from '@tidings/testing';
import { expect, onTestFinished, test } from 'vitest';
import type { TlsOptions } from '../connection/tls-contexts.ts';
import { aRequest, openEgress } from './egress-under-test.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

// A retained body or header per request would add up to 16 KiB times this.
const requests = 60;
const atOnce = 20;
const boundBytes = 600 * 1_024;

const used = (): number => {
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};

/** An endpoint, and the number of its open sockets. */
type Endpoint = Readonly<{ url: string; open: () => number; tls?: TlsOptions }>;

async function leavesNothing({ url, open, tls }: Endpoint): Promise<void> {
  const egress = openEgress();
  const request = aRequest(url, { timeoutMs: 200, ...(tls === undefined ? {} : { tls }) });
  const round = async (count: number): Promise<void> => {
    for (let sent = 0; sent < count; sent += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, async () => egress.send(request)));
    }
    await eventually(() => expect(open()).toBe(egress.stats().idle), { everyMs: 5 });
  };
  await round(2 * atOnce);
  const before = used();
  await round(requests);
  await eventually(() => expect(used() - before).toBeLessThan(boundBytes), { everyMs: 50 });
}

const timeouts = { timeout: 30_000 };

test.each(Object.keys(misbehaviours) as MisbehaviourName[])(
  'sixty requests to an endpoint that does %s leak neither memory nor sockets',
  timeouts,
  async (behave) => {
    await leavesNothing(await startHostileServer({ behave, cleanUp: onTestFinished }));
  },
);

test.each([301, 302, 303, 307, 308, 410, 429, 500, 503])(
  'sixty responses with status %i leak neither memory nor sockets',
  timeouts,
  async (status) => {
    const behave = answering(status, { location: 'http://127.0.0.1:1/', 'retry-after': '3600' });
    await leavesNothing(await startHostileServer({ behave, cleanUp: onTestFinished }));
  },
);

test('sixty refused requests leak neither memory nor sockets', timeouts, async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await leavesNothing({ url: `http://127.0.0.1:${port}/`, open: () => 0 });
});

const authority = makeAuthority();
const anHour = 3_600_000;

test.each<[string, () => Certificate]>([
  ['is for another host', () => authority.issue({ hosts: ['other.example'] })],
  ['is self-signed', () => makeCertificate({ hosts: ['127.0.0.1'] })],
  [
    'has expired',
    () => {
      const notAfterMs = Date.now() - anHour;
      return authority.issue({ hosts: ['127.0.0.1'], notBeforeMs: notAfterMs - anHour, notAfterMs });
    },
  ],
])('sixty requests to a certificate that %s leak neither memory nor sockets', timeouts, async (_, make) => {
  const server = await startHostileServer({ behave: answering(204), tls: make(), cleanUp: onTestFinished });
  await leavesNothing({ url: server.url, open: server.open, tls: { ca: authority.cert } });
  expect(server.accepted()).toBeGreaterThanOrEqual(requests);
  expect(server.requests()).toBe(0);
});
