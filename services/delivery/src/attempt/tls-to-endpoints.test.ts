import { type SubscriptionRecord, subscriptionId } from '@tidings/contracts';
import { createEgress, operatorPolicy } from '@tidings/egress';
import { silentLogger } from '@tidings/observability';
import { keyRing, seal } from '@tidings/runtime';
import { makeAuthority, type Receiver, startReceiver } from '@tidings/testing';
import { expect, it, onTestFinished } from 'vitest';
import { aCommand, aSubscription, sealingKeys } from '../../test/builders.ts';
import { SigningKeyCache } from '../adapters/signing-key-cache.ts';
import { buildRequest } from './attempt-delivery.ts';

const ring = keyRing(sealingKeys);
const serverAuthority = makeAuthority();
const clientAuthority = makeAuthority('clients');

type Material = Readonly<{ ca?: string; cert?: string; key?: string }>;

const trusting = (material: Material, over: Partial<SubscriptionRecord> = {}): SubscriptionRecord => {
  const { workspaceId, id, ...rest } = aSubscription(over);
  const sealed = seal(ring, JSON.stringify(material), [workspaceId, id, 'tls']);
  return { ...rest, workspaceId, id, tls: { sealed } };
};

const receiverWith = async (ca?: string): Promise<Receiver> =>
  startReceiver({
    tls: { ...serverAuthority.issue({ hosts: ['127.0.0.1'] }), ...(ca !== undefined && { ca }) },
    cleanUp: onTestFinished,
  });

const openSender = () => {
  const settings = {
    dangerouslyAllowedNetworks: ['127.0.0.0/8'],
    allowHttpEndpoints: false,
    ownListeners: [],
  };
  const egress = createEgress({ policy: operatorPolicy(settings) });
  onTestFinished(async () => egress.close());
  const keys = new SigningKeyCache({ ring, logger: silentLogger });
  return {
    egress,
    find: (subscription: SubscriptionRecord, nowMs: number) => keys.find(subscription, nowMs),
    deliver: async (subscription: SubscriptionRecord, { url }: Receiver) => {
      const record = { ...subscription, endpointUrl: url };
      const found = keys.find(record, Date.now());
      if (found === null) throw new Error('what is sealed does not open');
      const outcome = await egress.send(
        buildRequest({ command: aCommand(1), subscription: record, keys: found, nowMs: Date.now() }),
      );
      return outcome.kind === 'failed' ? outcome.reason : outcome.kind;
    },
  };
};

it('trusts the authority of a subscription for that subscription only', async () => {
  const receiver = await receiverWith();
  const { deliver } = openSender();
  const ca = serverAuthority.cert;
  expect(await deliver(aSubscription(), receiver)).toBe('tls');
  expect(await deliver(trusting({ ca }, { version: 2 }), receiver)).toBe('response');
  expect(await deliver(aSubscription({ id: subscriptionId('sub_b') }), receiver)).toBe('tls');
  expect(receiver.requests).toHaveLength(1);
});

it('trusts the authorities of a bundle with text between them', async () => {
  const receiver = await receiverWith();
  const { deliver } = openSender();
  const ca = `# clients\n=======\n${clientAuthority.cert}\n# servers\nissuer=CN = x\n${serverAuthority.cert}\n`;
  expect(await deliver(trusting({ ca }), receiver)).toBe('response');
});

it('sends the client certificate of a subscription, on its own sockets', async () => {
  const receiver = await receiverWith(clientAuthority.cert);
  const { deliver } = openSender();
  const ca = serverAuthority.cert;
  const client = clientAuthority.issue({ hosts: ['tidings'] });
  const stranger = makeAuthority('strangers').issue({ hosts: ['tidings'] });
  expect(await deliver(trusting({ ca, ...client }), receiver)).toBe('response');
  // The other subscription has an idle socket open, which must not be reused.
  expect(await deliver(trusting({ ca }, { id: subscriptionId('sub_b') }), receiver)).not.toBe('response');
  const third = trusting({ ca, ...stranger }, { id: subscriptionId('sub_c') });
  expect(await deliver(third, receiver)).not.toBe('response');
  expect(receiver.requests).toHaveLength(1);
});

it('uses one socket for all requests of a version', async () => {
  const receiver = await receiverWith();
  const { deliver, egress } = openSender();
  const subscription = trusting({ ca: serverAuthority.cert });
  for (let count = 0; count < 3; count += 1) expect(await deliver(subscription, receiver)).toBe('response');
  expect(egress.stats().sockets).toBe(1);
});

it('finds no keys if the sealed settings belong to another subscription', () => {
  const { find } = openSender();
  const { tls } = trusting({ ca: serverAuthority.cert });
  if (tls === undefined) throw new Error('nothing is sealed');
  const thief = { ...aSubscription({ id: subscriptionId('sub_thief') }), tls };
  expect(find(thief, Date.now())).toBeNull();
});
