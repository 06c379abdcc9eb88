import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { largeDataKey, type SourceRecord } from '@tidings/contracts';
import { providers } from '@tidings/inbound';
import type { SignedSample } from '@tidings/inbound/testing';
import { openStorage, storageSettings } from '@tidings/object-storage';
import { loadConfig } from '@tidings/runtime';
import { eventually } from '@tidings/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { demo, github, named, sampleOf, start } from '../../test/source-harness.ts';

const mebibyte = 1_048_576;

/** Returns a push as GitHub sends it, of some two megabytes: larger members before and behind those that are read. */
const aPush = (over: object = {}): Buffer =>
  Buffer.from(
    JSON.stringify({
      ...{ ref: 'refs/heads/main', commits: [{ message: 'x'.repeat(mebibyte) }], action: 'made' },
      ...{ repository: { id: 4_711, name: 'r' }, head_commit: { message: 'y'.repeat(mebibyte) }, ...over },
    }),
  );

async function startLarge(
  sample: SignedSample = github,
  over: Partial<SourceRecord> = {},
  env: Record<string, string> = {},
) {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-large-'));
  onTestFinished(async () => rm(folder, { recursive: true, force: true }));
  const settings = { OBJECT_STORAGE_FOLDER: folder, INGRESS_MAX_LARGE_EVENT_BYTES: '4000000', ...env };
  const ingress = await start(sample, over, settings);
  const storage = openStorage(loadConfig(storageSettings, settings));
  const objects = async () => {
    const keys: string[] = [];
    for await (const { key } of storage.list('')) keys.push(key);
    return keys;
  };
  const unfinished = async () => readdir(join(folder, 'unfinished')).catch(() => []);
  return { ...ingress, storage, objects, unfinished };
}

describe('a webhook above the size of a record', () => {
  it('is an event with its body in the object storage, and id, type and resource as of a small one', async () => {
    const { deliver, logged, storage, facts, unfinished } = await startLarge();
    const small = Buffer.from(JSON.stringify({ action: 'made', repository: { id: 4_711 } }));
    expect((await deliver({ body: small })).status).toBe(200);
    const body = aPush();
    for (const isChunked of [false, true]) expect((await deliver({ body, isChunked })).status).toBe(200);
    const [first, second, repeat] = logged().map(({ event }) => event);
    const sha256 = createHash('sha256').update(body).digest('hex');
    expect(second).toMatchObject({ large: { bytes: body.length, sha256 }, audience: 'internal' });
    const identity = ({ id, eventType, orderingKey, received }: NonNullable<typeof first>) => ({
      id,
      eventType,
      orderingKey,
      headers: received?.headers,
    });
    // The sample has one delivery id: a repeat with another body.
    for (const large of [second, repeat]) expect(identity(large as never)).toEqual(identity(first as never));
    expect(first?.orderingKey).toBe('github/repository/4711');
    const key = largeDataKey({ workspaceId: demo, eventId: second?.id as never, sha256 });
    const stored = await storage.get(key);
    expect(stored && (await buffer(stored.body)).equals(body)).toBe(true);
    expect(await unfinished()).toEqual([]);
    await eventually(() =>
      expect(facts().map(({ outcome, bytes, events }) => [outcome, bytes, events])).toEqual([
        ['accepted', small.length, 1],
        ['accepted', body.length, 1],
      ]),
    );
  });

  it.each([
    { what: 'another secret', reason: 'no-matching-signature', body: aPush(), secret: github.wrongSecret },
    { what: 'a body that is no JSON', reason: 'too-large', body: aPush().fill('x', 0, 1) },
    {
      what: 'a list of many items',
      reason: 'too-large',
      body: Buffer.from(JSON.stringify(Array(400_000).fill([1]))),
    },
    { what: 'a body above its limit', reason: 'too-large', body: Buffer.alloc(4_000_001, 0x20) },
  ])('with $what is refused, and leaves nothing', async ({ reason, body, secret = github.secret }) => {
    const { deliver, logged, objects, unfinished, facts } = await startLarge();
    for (const isChunked of [false, true]) {
      const answer = await deliver({ body, isChunked }, secret);
      expect(answer.status).toBe(reason === 'too-large' ? 413 : 401);
      expect(JSON.parse(answer.text)).toMatchObject({ detail: 'The webhook is refused.' });
    }
    expect(logged()).toEqual([]);
    expect([await objects(), await unfinished()]).toEqual([[], []]);
    await eventually(() => expect(facts().reduce((sum, { count }) => sum + count, 0)).toBe(2));
    expect(new Set(facts().map((fact) => fact.reason))).toEqual(new Set([reason]));
  });

  it.each([
    { what: 'its provider', sample: sampleOf('stripe (package)'), bytes: 1_000_001 },
    { what: 'the source', over: { maxPayloadBytes: 1_500_000 }, bytes: 1_500_001 },
    { what: 'the source, below a record', over: { maxPayloadBytes: 2_000 }, bytes: 2_001 },
    { what: 'the installation', over: { maxPayloadBytes: 20_000_000 }, bytes: 4_000_001 },
    { what: 'a record, where none is larger', env: { INGRESS_MAX_LARGE_EVENT_BYTES: '0' }, bytes: 900_001 },
  ])('is refused above the maximum of $what', async ({ sample = github, over = {}, env = {}, bytes }) => {
    const { deliver } = await startLarge(sample, over, env);
    expect((await deliver({ body: Buffer.alloc(bytes, 0x20) })).status).toBe(413);
  });

  it('waits in the spool while the log is away', async () => {
    const spool = await mkdtemp(join(tmpdir(), 'tidings-spool-'));
    onTestFinished(async () => rm(spool, { recursive: true, force: true }));
    const { deliver, bus, logged, objects } = await startLarge(github, {}, { INGRESS_SPOOL_DIR: spool });
    bus.setReachable(false);
    expect((await deliver({ body: aPush() })).status).toBe(202);
    bus.setReachable(true);
    await eventually(() => expect(logged()).toHaveLength(1));
    expect(await objects()).toHaveLength(1);
  });

  it('is answered 503 while the storage takes nothing', async () => {
    const { deliver, logged } = await startLarge(github, {}, { OBJECT_STORAGE_FOLDER: '/dev/null/folder' });
    expect((await deliver({ body: aPush() })).status).toBe(503);
    expect(logged()).toEqual([]);
  });
});

const largeSamples = named.filter(
  ([, { provider, contentType }]) =>
    contentType === 'application/json' && (providers.get(provider)?.maxBytes ?? 0) > 1_000_000,
);

it.each(largeSamples)(
  'a large body of %s is verified as it comes, or refused if its signature needs it whole',
  async (name, sample) => {
    const { deliver, logged, objects } = await startLarge(sample);
    const body = Buffer.from(sample.body.replace(/\}\s*$/, `,"more":"${'x'.repeat(mebibyte)}"}`));
    const isWhole = name === 'gitlab (signed)';
    expect((await deliver({ body })).status).toBe(isWhole ? 413 : 200);
    const [large] = logged().map(({ event }) => event);
    expect((await deliver({ body }, sample.wrongSecret)).status).toBe(isWhole ? 413 : 401);
    expect((await deliver({ body }, sample.oldSecret)).status).toBe(isWhole ? 413 : 200);
    expect(await objects()).toHaveLength(isWhole ? 0 : new Set(logged().map(({ event }) => event.id)).size);
    if (isWhole) return;
    await deliver();
    const small = logged().at(-1)?.event;
    expect([large?.eventType, large?.orderingKey]).toEqual([small?.eventType, small?.orderingKey]);
  },
);
