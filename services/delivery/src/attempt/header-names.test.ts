import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeSubscription, encodeSubscription, sealedHeaderField } from '@tidings/contracts';
import { createEgress, operatorPolicy } from '@tidings/egress';
import { silentLogger } from '@tidings/observability';
import { keyRing, seal } from '@tidings/runtime';
import { expect, it, onTestFinished } from 'vitest';
import { aCommand, aSubscription, sealingKeys } from '../../test/builders.ts';
import { SigningKeyCache } from '../adapters/signing-key-cache.ts';
import { buildRequest } from './attempt-delivery.ts';

const ring = keyRing(sealingKeys);

// Reads raw headers: Node's parsed headers have no __proto__.
async function startEndpoint(): Promise<Readonly<{ url: string; received: string[] }>> {
  const received: string[] = [];
  const server = createServer((request, response) => {
    received.push(...request.rawHeaders);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, received };
}

it.each(['__proto__', '__PROTO__', 'constructor', 'toString', 'hasOwnProperty'])(
  'sends the header %s of a subscription, plain or secret, after a round trip through the topic',
  async (name) => {
    const { url, received } = await startEndpoint();
    const settings = {
      dangerouslyAllowedNetworks: ['127.0.0.0/8'],
      allowHttpEndpoints: true,
      ownListeners: [],
    };
    const egress = createEgress({ policy: operatorPolicy(settings) });
    onTestFinished(async () => egress.close());
    const { workspaceId, id, ...rest } = aSubscription({ endpointUrl: url });
    const sealed = seal(ring, 'hidden', [workspaceId, id, sealedHeaderField(name)]);
    const deliver = async (over: object): Promise<void> => {
      const subscription = decodeSubscription(encodeSubscription({ ...rest, workspaceId, id, ...over }));
      const keys = new SigningKeyCache({ ring, logger: silentLogger }).find(subscription, 0);
      if (keys === null) throw new Error('what is sealed does not open');
      const request = buildRequest({ command: aCommand(1), subscription, keys, nowMs: 0 });
      expect((await egress.send(request)).kind).toBe('response');
    };
    await deliver({ headers: JSON.parse(`{"${name}":"shown"}`) as object });
    await deliver({ secretHeaders: [{ name, sealed }] });
    const values = received.filter((_, i) => received[i - 1] === name.toLowerCase());
    expect(values).toEqual(['shown', 'hidden']);
  },
);
