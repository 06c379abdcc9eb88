import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeSource, type SourceRecord, sourceId, topics, workspaceId } from '@tidings/contracts';
import { type SignedSample, signedSamples } from '@tidings/inbound/testing';
import type { MemoryBus } from '@tidings/kafka/testing';
import { keyRing, seal } from '@tidings/runtime';
import { onTestFinished } from 'vitest';
import { sealingKeys } from './memory-ingress.ts';

const ring = keyRing(sealingKeys);
/** A key whose events may be spooled. */
export const spooling = 'a-key-with-a-spool';
/** Ids of the sources. */
export const ids = {
  github: sourceId(`src_${'1'.repeat(32)}`),
  stripe: sourceId(`src_${'2'.repeat(32)}`),
} as const;
const sampleOf = (provider: string): SignedSample => {
  const sample = signedSamples.find((one) => one.provider === provider);
  if (sample === undefined) throw new Error(`there is no sample of ${provider}`);
  return sample;
};

/** Writes a source of a provider to the topic. */
export async function writeSource(
  bus: MemoryBus,
  provider: keyof typeof ids,
  over: Partial<SourceRecord> = {},
): Promise<void> {
  const id = ids[provider];
  const workspace = workspaceId('ws_demo');
  const sample = sampleOf(provider);
  const source: SourceRecord = {
    type: 'SourceChanged.v1',
    ...{ id, workspaceId: workspace, state: 'active', version: 1, provider, audience: 'internal' },
    ...{ consumerId: null, options: sample.options ?? {} },
    secrets: [
      {
        id: 'sec_1',
        sealed: seal(ring, sample.trusted?.(sample.secret) ?? sample.secret, [workspace, id, 'secrets']),
        ...{ createdAtMs: 1, expiresAtMs: null },
      },
    ],
    ...over,
  };
  await (await bus.producer()).publish({ topic: topics.sources, ...encodeSource(source) });
}

/** Posts a webhook of a provider as it would; `delivery` is its id. Returns the status. */
export async function deliver(url: string, provider: keyof typeof ids, delivery: string): Promise<number> {
  const { body, secret, sign, headers, contentType } = sampleOf(provider);
  const bytes = Buffer.from(body);
  const to = `${url}/v1/sources/${ids[provider]}`;
  const signed = await sign({ body: bytes, secret, time: String(Math.floor(Date.now() / 1_000)) }, to);
  const own = provider === 'github' ? { 'x-github-delivery': delivery } : {};
  const all = { 'content-type': contentType, ...headers, ...signed, ...own } as Record<string, string>;
  return (await fetch(to, { method: 'POST', headers: all, body: bytes })).status;
}

/** Makes a folder, which is removed when the test ends. */
export async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-spool-'));
  onTestFinished(async () => rm(folder, { recursive: true, force: true }));
  return folder;
}
