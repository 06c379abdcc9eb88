import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { CreateBucketCommand, ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { eventually } from '@tidings/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Api, apiOf } from '../harness/api.ts';
import { type Collector, startCollector } from '../harness/collector.ts';
import { restartInPairs } from '../harness/instances.ts';
import { type KeyFiles, openKeyFiles } from '../harness/key-files.ts';
import { type SpanCollector, startSpanCollector } from '../harness/span-collector.ts';
import { freePortBase, type LocalStack, startTidings, type Tidings } from '../harness/tidings.ts';

// The keys of the object storage and of the collector of traces are replaced as docs/key-rotation.md says, while events come whose
// data are in the object storage. deploy/ops/s3-tests.mjs starts the server.

const given = (name: string): string => {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run npm run test:ops.`);
  return value;
};
const endpoint = given('TEST_S3_ENDPOINT');
const patience = { timeoutMs: 120_000, everyMs: 200 };
const type = 'report.made';
const stackPorts = 80;
// Above the 256 KB of an event in the log.
const dataBytes = 300_000;
const everyMs = 100;
const storageKeys = { old: 'services-old', next: 'services-new' } as const;
const traceKeys = {
  old: 'Bearer old-key-of-the-collector',
  next: 'Bearer new-key-of-the-collector',
} as const;
const names = ['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY', 'OTEL_EXPORTER_OTLP_HEADERS'] as const;

const bucket = `services-${randomBytes(6).toString('hex')}`;
const accepted = new Set<string>();
const failures: string[] = [];
let mayComeWith: readonly string[] = [traceKeys.old];
let consoleUrl: string;
let files: KeyFiles<(typeof names)[number]>;
let spans: SpanCollector;
let tidings: Tidings;
let local: LocalStack;
let api: Api;
let collector: Collector;
let load: Readonly<{ stop(): Promise<void> }>;

const clientWith = (accessKeyId: string): S3Client =>
  new S3Client({
    ...{ endpoint, region: 'us-east-1', forcePathStyle: true, maxAttempts: 1 },
    credentials: { accessKeyId, secretAccessKey: `${accessKeyId}-secret` },
  });

/** Publishes events with large data one after the other, until it is stopped. Repeats nothing. */
const startLoad = (): typeof load => {
  let isOver = false;
  const publish = async (): Promise<void> => {
    while (!isOver) {
      const response = await fetch(`${consoleUrl}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${local.admin_key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ type, data: { filler: randomBytes(dataBytes / 2).toString('hex') } }),
      });
      const text = await response.text();
      if (response.status === 202) accepted.add((JSON.parse(text) as Readonly<{ id: string }>).id);
      else failures.push(`${response.status} ${text}`);
      await delay(everyMs);
    }
  };
  const published = publish();
  return {
    stop: async () => {
      isOver = true;
      await published;
    },
  };
};

/** Waits until so many of the events that are accepted from now on have come. */
const goesOn = async (): Promise<void> => {
  const before = new Set(accepted);
  await eventually(() => {
    const come = collector.eventIds();
    expect([...accepted].filter((id) => !before.has(id) && come.has(id)).length).toBeGreaterThan(20);
  }, patience);
};

const restartAll = async (): Promise<void> => {
  const [first = '', second = ''] = Object.entries(local.services).flatMap(([name, url]) =>
    name.startsWith('console') ? [url] : [],
  );
  await restartInPairs(tidings, (number) => {
    consoleUrl = number === 1 ? second : first;
  });
};

/** Makes an export, whose file history writes to the object storage. Returns its link. */
const makeExport = async (): Promise<string> => {
  const made = await api.request('POST', '/v1/webhooks/exports', { of: 'deliveries', format: 'csv' });
  expect([200, 201, 202], JSON.stringify(made)).toContain(made.status);
  const { export_id: id } = made.body as Readonly<{ export_id: string }>;
  return eventually(async () => {
    const { body } = await api.request('GET', `/v1/webhooks/exports/${id}`);
    const { download_url: link } = body as Readonly<{ download_url?: string }>;
    if (typeof link !== 'string') throw new Error(`the export is not ready: ${JSON.stringify(body)}`);
    return link;
  }, patience);
};
const download = async (link: string): Promise<number> => (await fetch(`${consoleUrl}${link}`)).status;

beforeAll(async () => {
  const client = clientWith(storageKeys.old);
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
  files = await openKeyFiles(names);
  await files.write('S3_ACCESS_KEY_ID', storageKeys.old);
  await files.write('S3_SECRET_ACCESS_KEY', `${storageKeys.old}-secret`);
  await files.write('OTEL_EXPORTER_OTLP_HEADERS', `authorization=${encodeURIComponent(traceKeys.old)}`);
  const portBase = await freePortBase(stackPorts + 1);
  const spanPort = portBase + stackPorts;
  spans = await startSpanCollector(spanPort, (key) => mayComeWith.includes(key ?? ''));
  tidings = await startTidings({
    ...{ args: ['--no-demo', '--instances', 'pipeline=2,management=2,console=2'], portBase },
    env: {
      ...files.env,
      OBJECT_STORAGE: 's3',
      S3_ENDPOINT: endpoint,
      S3_BUCKET: bucket,
      S3_PATH_STYLE: 'true',
      INGRESS_MAX_LARGE_EVENT_BYTES: '1000000',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${spanPort}`,
    },
  });
  local = await tidings.local();
  consoleUrl = local.url;
  api = apiOf(local);
  collector = await startCollector();
  collector.trust((await api.subscribe(collector.url, [type])).secret);
  load = startLoad();
  await goesOn();
}, 300_000);

afterAll(async () => {
  await load?.stop();
  await tidings?.stop();
  await collector?.close();
  await spans?.close();
  await files?.remove();
});

it('both are replaced by restarts in turn, and the old ones are refused once they are taken away', async () => {
  const earlier = await makeExport();
  expect(await download(earlier)).toBe(200);

  mayComeWith = [traceKeys.old, traceKeys.next];
  await files.write('S3_ACCESS_KEY_ID', storageKeys.next);
  await files.write('S3_SECRET_ACCESS_KEY', `${storageKeys.next}-secret`);
  await files.write('OTEL_EXPORTER_OTLP_HEADERS', `authorization=${encodeURIComponent(traceKeys.next)}`);
  await restartAll();
  expect(spans.refused()).toBe(0);

  mayComeWith = [traceKeys.next];
  const config = given('TEST_S3_CONFIG');
  const { identities } = JSON.parse(await readFile(config, 'utf8')) as Readonly<{
    identities: readonly Readonly<{ credentials: readonly Readonly<{ accessKey: string }>[] }>[];
  }>;
  const without = identities.map(({ credentials, ...one }) => ({
    ...one,
    credentials: credentials.filter(({ accessKey }) => accessKey !== storageKeys.old),
  }));
  await writeFile(config, JSON.stringify({ identities: without }));
  process.kill(Number(given('TEST_S3_PID')), 'SIGHUP');
  const old = clientWith(storageKeys.old);
  await eventually(async () => {
    await expect(old.send(new ListBucketsCommand({}))).rejects.toMatchObject({ name: 'InvalidAccessKeyId' });
  }, patience);
  old.destroy();

  const before = spans.spans().length;
  await goesOn();
  await eventually(() => expect(spans.spans().length).toBeGreaterThan(before + 20), patience);
  expect(spans.refused()).toBe(0);
  // Its file was written with the old key.
  expect(await download(earlier)).toBe(200);
  expect(await download(await makeExport())).toBe(200);
}, 300_000);

it('no request failed, and every event has come with its data', async () => {
  await load.stop();
  // A broker that is short of CPU time may confirm late, whoever restarts: ingress says so.
  const late = failures.filter((failure) => failure.includes('did not confirm'));
  expect(failures.filter((failure) => !late.includes(failure))).toEqual([]);
  await eventually(() => {
    const come = collector.eventIds();
    expect([...accepted].filter((id) => !come.has(id))).toEqual([]);
  }, patience);
  expect(collector.refused).toEqual([]);
  expect(Math.min(...collector.receipts.map(({ body }) => body.length))).toBeGreaterThan(dataBytes);
  console.log(
    `keys of storage and traces: ${accepted.size} large events, ${late.length} confirmed late, ${collector.duplicates()} received again, ${spans.spans().length} spans`,
  );
}, 300_000);
