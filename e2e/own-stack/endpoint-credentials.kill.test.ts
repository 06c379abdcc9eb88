import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { type Certificate, eventually, makeAuthority } from '@tidings/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Api, apiOf } from '../harness/api.ts';
import { startInstances } from '../harness/instances.ts';
import { type KeyedLoad, startKeyedLoad } from '../harness/keyed-load.ts';
import { type MutualEndpoint, startMutualEndpoint } from '../harness/mutual-endpoint.ts';
import type { Tidings } from '../harness/tidings.ts';

// What proves Tidings to an endpoint is replaced as docs/key-rotation.md says, under a load of events.

const patience = { timeoutMs: 120_000 };
const header = 'x-partner-key';
const inARow = 100;

const servers = makeAuthority('the authority of the endpoint');
const oldClients = makeAuthority('the old clients');
const newClients = makeAuthority('the new clients');
const oldClient = oldClients.issue({ hosts: ['tidings'] });
const newClient = newClients.issue({ hosts: ['tidings'] });
const old = { issuer: 'the old clients', header: 'old-key-of-the-partner' };
const next = { issuer: 'the new clients', header: 'new-key-of-the-partner' };

let tidings: Tidings;
let api: Api;
let endpoint: MutualEndpoint;
let load: KeyedLoad;
let subscription: string;

/** Waits until the last requests all came with these credentials. */
const untilAllCome = async (expected: typeof old): Promise<void> =>
  eventually(() => {
    const last = endpoint.receipts.slice(-inARow);
    expect(last).toHaveLength(inARow);
    for (const receipt of last) expect(receipt).toMatchObject(expected);
  }, patience);

beforeAll(async () => {
  tidings = await startInstances(['--instances', 'pipeline=2,management=2']);
  const local = await tidings.local();
  api = apiOf(local);
  endpoint = await startMutualEndpoint({ server: servers.issue({ hosts: ['127.0.0.1'] }), header });
  endpoint.accept({ authorities: [oldClients.cert], headers: [old.header] });
  const { id } = await api.subscribe(endpoint.url, ['partner.event'], {
    secret_headers: { [header]: old.header },
    tls: { ca: servers.cert, certificate: oldClient.cert, key: oldClient.key },
  });
  subscription = id;
  load = startKeyedLoad({ local, types: ['partner.event'], keysPerType: 10, perSecond: 40 });
  await untilAllCome(old);
});

afterAll(async () => {
  await load?.stop();
  await tidings?.stop();
  await endpoint?.close();
});

it('a secret header and a client certificate are replaced while the endpoint takes both, and no request is refused', async () => {
  endpoint.accept({ authorities: [oldClients.cert, newClients.cert], headers: [old.header, next.header] });
  const changed = await api.request('PATCH', `/v1/webhooks/subscriptions/${subscription}`, {
    secret_headers: { [header]: next.header },
    tls: { certificate: newClient.cert, key: newClient.key },
  });
  expect(changed.status, JSON.stringify(changed.body)).toBe(200);
  await untilAllCome(next);

  endpoint.accept({ authorities: [newClients.cert], headers: [next.header] });
  const before = endpoint.receipts.length;
  await eventually(() => expect(endpoint.receipts.length).toBeGreaterThan(before + inARow), patience);
  await load.stop();
  await eventually(() => expect(endpoint.missing(load.accepted)).toEqual([]), patience);
  expect([endpoint.refused, load.failures]).toEqual([[], []]);
  console.log(
    `credentials towards an endpoint: ${load.total()} events, ${endpoint.receipts.length} requests`,
  );
});

it('the endpoint refuses the old ones by then', async () => {
  const ask = async (client: Certificate): Promise<number | string> => {
    const sent = request(endpoint.url, { method: 'POST', ca: servers.cert, ...client });
    sent.end('{}');
    try {
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      return Number(response.statusCode);
    } catch (error) {
      return String((error as NodeJS.ErrnoException).code);
    }
  };
  expect(await ask(oldClient)).toMatch(/^(ECONNRESET|EPIPE|ERR_SSL)/);
  expect(await ask(newClient)).toBe(401);
});
