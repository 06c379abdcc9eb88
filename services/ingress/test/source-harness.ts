import { request as httpRequest } from 'node:http';
import {
  decodeWebhookReceived,
  encodeSource,
  type SourceRecord,
  sourceId,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { type SignedSample, signedSamples } from '@tidings/inbound/testing';
import { createMemoryBus } from '@tidings/kafka/testing';
import { keyRing, seal } from '@tidings/runtime';
import { sealingKeys, startMemoryIngress } from './memory-ingress.ts';

/** The id of the source. */
export const id = sourceId(`src_${'1'.repeat(32)}`);
/** Its path. */
export const path = `/v1/sources/${id}`;
/** Its workspace. */
export const demo = workspaceId('ws_demo');
/** The key ring of ingress. */
export const ring = keyRing(sealingKeys);
const trustedOf = (sample: SignedSample, secret: string): string => sample.trusted?.(secret) ?? secret;

/** Builds the record of a source that trusts both secrets of a sample. */
export const aSource = (sample: SignedSample, over: Partial<SourceRecord> = {}): SourceRecord => ({
  type: 'SourceChanged.v1',
  ...{ id, workspaceId: demo, state: 'active', version: 1, provider: sample.provider },
  ...{ audience: 'internal', consumerId: null, options: sample.options ?? {} },
  secrets: [sample.secret, sample.oldSecret].map((secret, at) => ({
    id: `sec_${at}`,
    sealed: seal(ring, trustedOf(sample, secret), [demo, id, 'secrets']),
    ...{ createdAtMs: 1, expiresAtMs: null },
  })),
  ...over,
});

/** A response. */
export type Sent = Readonly<{ status: number; text: string; headers: Record<string, unknown> }>;

type ToSend = Readonly<{
  headers?: Readonly<Record<string, string | readonly string[]>>;
  body: Buffer;
  /** Without a length: the body is chunked. */
  isChunked?: boolean | undefined;
}>;

/** Sends a request with exactly these headers. */
export async function send(url: string, { headers = {}, body, isChunked = false }: ToSend): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const length = isChunked ? {} : { 'content-length': String(body.length) };
    const all = { ...(headers as Record<string, string>), ...length };
    const request = httpRequest(url, { method: 'POST', headers: all }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers }),
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Starts ingress with a source of a sample, and returns what sends it webhooks that are signed as the sample is. */
export async function start(
  sample: SignedSample,
  over: Partial<SourceRecord> = {},
  env: Record<string, string> = {},
) {
  const bus = createMemoryBus();
  const producer = await bus.producer();
  const write = async (record: SourceRecord): Promise<unknown> =>
    producer.publish({ topic: topics.sources, ...encodeSource(record) });
  await write(aSource(sample, over));
  const ingress = await startMemoryIngress(env, bus);
  const deliver = async (
    change: Readonly<{
      body?: Buffer;
      headers?: Record<string, string | readonly string[]>;
      isChunked?: boolean;
    }> = {},
    secret = sample.secret,
  ): Promise<Sent> => {
    const body = change.body ?? Buffer.from(sample.body);
    const url = `${ingress.url}${path}${sample.query?.(body) ?? ''}`;
    const time = String(Math.floor(Date.now() / 1_000));
    const signed = await sample.sign({ body, secret, time }, url);
    const headers = { 'content-type': sample.contentType, ...sample.headers, ...signed, ...change.headers };
    return send(url, { headers, body, isChunked: change.isChunked });
  };
  const metric = async (name: string): Promise<string[]> =>
    (await (await fetch(`${ingress.url}/metrics`)).text())
      .split('\n')
      .filter((line) => line.startsWith(name));
  const facts = () => bus.records(topics.received).map(decodeWebhookReceived);
  return { ...ingress, write, deliver, metric, facts };
}

/** All samples, by name. */
export const named = signedSamples.map(
  (sample) => [`${sample.provider} (${sample.variant})`, sample] as const,
);
/** Returns a sample by its name. */
export const sampleOf = (name: string): SignedSample => {
  const [, sample] = named.find(([one]) => one === name) ?? [];
  if (sample === undefined) throw new Error(`there is no ${name}`);
  return sample;
};
/** A webhook of GitHub. */
export const github = sampleOf('github (package)');
