import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rename, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DeliveryRequested, largeDataKey, type SubscriptionRecord } from '@tidings/contracts';
import { openStorage, storageSettings } from '@tidings/object-storage';
import { loadConfig } from '@tidings/runtime';
import { generateKeyPair, verify, verifyPlain } from '@tidings/signing';
import { eventually } from '@tidings/testing';
import { answered } from '@tidings/testing/messages';
import { describe, expect, it, onTestFinished } from 'vitest';
import { aCommand, aSubscription, sealedSecret, secretText, startMs } from '../../test/builders.ts';
import { startHarness } from '../../test/harness.ts';

const data = Buffer.from(JSON.stringify({ text: randomBytes(600_000).toString('base64') }));
const sha256 = createHash('sha256').update(data).digest('hex');
const [head, tail] = [Buffer.from('{"id":"e","data":'), Buffer.from('}')];
const whole = Buffer.concat([head, data, tail]);
const large = { bytes: data.length, sha256, at: head.length };

const aLarge = (n: number, over: Partial<typeof large> = {}): DeliveryRequested => ({
  ...aCommand(n, { large: { ...large, ...over } }),
  body: Buffer.concat([head, tail]),
});
const keyOf = ({ state }: DeliveryRequested): string => largeDataKey({ ...state, sha256 });

const start = async (subscription: Partial<SubscriptionRecord> = {}) => {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-large-'));
  onTestFinished(async () => rm(folder, { recursive: true, force: true }));
  const env = { OBJECT_STORAGE_FOLDER: folder };
  const storage = openStorage(loadConfig(storageSettings, env));
  const harness = await startHarness({ env, cleanUp: onTestFinished });
  await harness.register(aSubscription(subscription));
  const store = async (command: DeliveryRequested, bytes = data) => {
    const staged = await storage.stage();
    await staged.write(bytes);
    await staged.finish(keyOf(command));
  };
  /** Waits for what the disk does, with which the clock of the test has nothing to do. */
  const settled = async (check: () => void) =>
    eventually(async () => {
      await harness.settle();
      check();
    });
  return { ...harness, folder, storage, store, settled };
};

describe('data in the object storage', () => {
  it('are sent with the body, byte for byte and signed, and again by a retry', async () => {
    const { store, publish, sender, settled, clock, attemptEvents } = await start();
    const command = aLarge(1);
    await store(command);
    await publish(command);
    await settled(() => expect(sender.sent).toHaveLength(1));
    const [first] = sender.sent;
    expect(first?.body.equals(whole)).toBe(true);
    const check = { body: whole, secrets: [secretText], nowSeconds: startMs / 1_000 };
    expect(verify({ ...check, headers: first?.headers ?? {} }).ok).toBe(true);
    first?.answer(answered(500));
    await settled(() => expect(attemptEvents()).toHaveLength(1));
    await clock.advance(6_000);
    await settled(() => expect(sender.sent).toHaveLength(2));
    expect(sender.sent[1]?.body.equals(whole)).toBe(true);
  });

  it('are signed by ed25519 keys and in the plain style', async () => {
    const pair = generateKeyPair();
    const owner = { workspaceId: 'acme', id: 'sub_a' };
    const secrets = [sealedSecret(secretText, owner), sealedSecret(pair.secret, owner)];
    const { store, publish, sender, settled } = await start({ secrets, signatureStyle: 'plain' });
    const command = aLarge(1);
    await store(command);
    await publish(command);
    await settled(() => expect(sender.sent).toHaveLength(1));
    const headers = sender.sent[0]?.headers ?? {};
    const nowSeconds = startMs / 1_000;
    expect(verify({ headers, body: whole, publicKeys: [pair.publicKey], nowSeconds }).ok).toBe(true);
    expect(
      verifyPlain({ body: whole, signature: headers['x-webhook-signature'], secrets: [secretText] }),
    ).toBe(true);
  });

  it('that are gone end the delivery without a request, and say why', async () => {
    const { store, publish, sender, settled, deadLetters, attemptEvents } = await start();
    await store(aLarge(2), Buffer.from('{}'));
    await publish(aLarge(1, { sha256: '0'.repeat(64) }));
    await settled(() =>
      expect(deadLetters()).toMatchObject([
        { reason: 'data-missing', state: { deliveryId: aLarge(1).state.deliveryId } },
      ]),
    );
    expect(attemptEvents()).toMatchObject([{ outcome: { kind: 'set-aside', reason: 'data-missing' } }]);
    expect(sender.sent).toEqual([]);
  });

  it.each([
    ['other bytes', Buffer.from(data).fill('x', 10, 20)],
    ['fewer bytes', data.subarray(0, -1)],
  ])('that have %s are not sent', async (_name, bytes) => {
    const { store, publish, sender, settled, deadLetters } = await start();
    const command = aLarge(1);
    await store(command, bytes);
    await publish(command);
    await settled(() => expect(deadLetters()).toMatchObject([{ reason: 'data-changed' }]));
    expect(sender.sent).toEqual([]);
  });

  it('wait while the storage is away, without an attempt', async () => {
    const { folder, store, publish, sender, settled, clock, ladderCommands, attemptEvents } = await start();
    const command = aLarge(1);
    await store(command);
    // Its disk is not mounted, which says nothing of the data.
    await rename(folder, `${folder}-away`);
    await publish(aLarge(2, { sha256: '0'.repeat(64) }), command);
    await settled(() => expect(ladderCommands()).toHaveLength(2));
    expect(attemptEvents()).toMatchObject([
      { outcome: { kind: 'deferred' } },
      { outcome: { kind: 'deferred' } },
    ]);
    await rename(`${folder}-away`, folder);
    await clock.advance(61_000);
    await settled(() => expect(sender.sent).toHaveLength(1));
    expect(sender.sent[0]?.body.equals(whole)).toBe(true);
  });

  it('are made young again by a dead letter, which needs them for its redrive', async () => {
    const { folder, store, storage, publish, settled } = await start({ state: 'disabled' });
    const command = aLarge(1);
    await store(command);
    const old = new Date(0);
    await utimes(join(folder, 'objects', keyOf(command)), old, old);
    await publish(command);
    await eventually(async () => {
      await settled(() => {});
      expect((await storage.head(keyOf(command)))?.modifiedAtMs).toBeGreaterThan(0);
    });
  });
});
