import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { AppError } from '@tidings/runtime';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  childTraceparent,
  type FinishedSpan,
  isRecorded,
  newTraceparent,
  parseTraceparent,
  processSpan,
  recordSpan,
  requestTraceparent,
  sendSpan,
  silentLogger,
  startTracing,
} from '../index.ts';
import { recordingLogger } from '../logger.ts';

type Span = Readonly<{
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  links: readonly Readonly<{ spanId: string }>[];
  attributes: readonly Readonly<{ key: string; value: unknown }>[];
  status: Readonly<{ code?: number }>;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
}>;
type Received = Readonly<{
  resourceSpans: readonly Readonly<{ scopeSpans: readonly Readonly<{ spans: readonly Span[] }>[] }>[];
}>;

async function aCollector(
  answer: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) =>
    void response.end('{}'),
): Promise<{ url: string; spans: () => readonly Span[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      received.push(JSON.parse(text) as Received);
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const spans = () =>
    received.flatMap((one) => one.resourceSpans.flatMap((r) => r.scopeSpans.flatMap((s) => s.spans)));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, spans };
}

const start = async (url: string, env: Readonly<Record<string, string>> = {}, logger = silentLogger) => {
  const tracing = await startTracing({
    ...{ service: 'test', logger },
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${url}/`, ...env },
  });
  onTestFinished(async () => tracing.shutdown());
  return tracing;
};

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parent = `00-${traceId}-b7ad6b7169203331-01`;
const startMs = 1_796_000_000_000;
const unsampled = `00-${traceId}-b7ad6b7169203331-00`;
const aSpan = (over: Partial<FinishedSpan> = {}): FinishedSpan => ({
  ...{ traceparent: childTraceparent(parent), parent, name: 'x', kind: 'internal', startMs },
  ...{ endMs: startMs + 250, attributes: {} },
  ...over,
});

describe('spans', () => {
  it('arrive at the collector of the environment, with the ids that were passed on', async () => {
    const collector = await aCollector();
    const tracing = await start(collector.url);
    const sending = childTraceparent(parent);
    const processing = childTraceparent(sending);
    const work = { startMs, endMs: startMs + 250, topic: 'tidings.x' };
    recordSpan(sendSpan({ ...work, traceparent: sending, parent, messageId: 'evt_1' }));
    const place = { group: 'g', partition: 3, offset: 7n };
    recordSpan(processSpan({ ...work, ...place, traceparent: processing, parent: sending, error: 'no' }));
    await tracing.shutdown();

    const [sent, processed] = collector.spans();
    expect(sent).toMatchObject({
      ...{ name: 'send tidings.x', kind: 4, traceId, parentSpanId: 'b7ad6b7169203331' },
      ...{ spanId: sending.slice(36, 52), links: [], status: {} },
      ...{ startTimeUnixNano: '1796000000000000000', endTimeUnixNano: '1796000000250000000' },
    });
    expect(processed).toMatchObject({
      ...{ name: 'process tidings.x', kind: 5, traceId, parentSpanId: sent?.spanId, status: { code: 2 } },
      links: [{ spanId: sent?.spanId }],
    });
    expect(processed?.attributes).toContainEqual({ key: 'error.type', value: { stringValue: 'no' } });
    expect(processed?.attributes).toContainEqual({ key: 'messaging.kafka.offset', value: { intValue: 7 } });
  });

  it('of a trace that is not sampled are not recorded, and its context goes on', async () => {
    const collector = await aCollector();
    const tracing = await start(collector.url);
    const child = childTraceparent(unsampled);
    expect(parseTraceparent(child)).toMatchObject({ traceId, flags: 0 });
    expect(isRecorded(child)).toBe(false);
    recordSpan(aSpan({ traceparent: child, parent: unsampled }));
    recordSpan(aSpan());
    await tracing.shutdown();
    expect(collector.spans().map(({ spanId }) => spanId)).not.toContain(child.slice(36, 52));
    expect(collector.spans()).toHaveLength(1);
  });

  it('are not recorded while tracing is off', () => {
    expect(isRecorded(parent)).toBe(false);
    expect(parseTraceparent(newTraceparent())?.flags).toBe(1);
  });

  it('are sent with the headers of a file, which may hold a key of the collector', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'tidings-otlp-')), 'headers');
    onTestFinished(() => rmSync(dirname(file), { recursive: true }));
    const seen: (string | undefined)[] = [];
    const collector = await aCollector((request, response) => {
      seen.push(request.headers.authorization, String(request.headers['x-team']));
      response.end('{}');
    });
    const env = { OTEL_EXPORTER_OTLP_HEADERS_FILE: file };
    await expect(start(collector.url, env)).rejects.toThrow(/OTEL_EXPORTER_OTLP_HEADERS .*ENOENT/);
    writeFileSync(file, 'authorization=Bearer%20of-the-file,x-team=webhooks\n');
    const both = { ...env, OTEL_EXPORTER_OTLP_HEADERS: 'x-team=others' };
    await expect(start(collector.url, both)).rejects.toThrow('are both set');
    const tracing = await start(collector.url, env);
    recordSpan(aSpan());
    await tracing.shutdown();
    expect(seen).toEqual(['Bearer of-the-file', 'webhooks']);
  });

  it('are dropped with one line while the collector is away, and one when it is back', async () => {
    let status = 400;
    const collector = await aCollector((_request, response) => void response.writeHead(status).end('{}'));
    const logger = recordingLogger();
    const tracing = await start(collector.url, {}, logger);
    const send = async (): Promise<void> => {
      const before = collector.spans().length;
      // A full batch is sent at once.
      for (let n = 0; n < 512; n += 1) recordSpan(aSpan());
      await vi.waitFor(() => expect(collector.spans().length).toBeGreaterThan(before));
    };
    await send();
    await vi.waitFor(() => expect(logger.lines).toHaveLength(1));
    await send();
    status = 200;
    await send();
    await vi.waitFor(() => expect(logger.lines).toHaveLength(2));
    expect(logger.lines).toMatchObject([
      { level: 'warn', event: 'tracing.not-exported' },
      { level: 'info', event: 'tracing.exported-again' },
    ]);
    await tracing.shutdown();
  });
});

describe('sampling', () => {
  const share = (contexts: readonly string[]): number =>
    contexts.filter((text) => parseTraceparent(text)?.flags === 1).length / contexts.length;
  const fresh = (): readonly string[] => Array.from({ length: 4_000 }, () => requestTraceparent(undefined));

  it.each([
    ['parentbased_always_on', '', 1, unsampled, 0],
    ['parentbased_always_off', '', 0, parent, 1],
    ['parentbased_traceidratio', '0.25', 0.25, parent, 1],
    ['always_on', '', 1, unsampled, 1],
    ['always_off', '', 0, parent, 0],
    ['traceidratio', '0', 0, parent, 0],
  ])('by %s %s records %d of new traces, and decides on a received one', async (...row) => {
    const [OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG, ratio, received, flags] = row;
    const collector = await aCollector();
    await start(collector.url, { OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG });
    // Six standard deviations of 4,000 traces.
    expect(Math.abs(share(fresh()) - ratio)).toBeLessThanOrEqual(ratio % 1 === 0 ? 0 : 0.042);
    expect(parseTraceparent(requestTraceparent(received))).toMatchObject({ traceId, flags });
    // Work inside of the pipeline follows its message.
    expect(parseTraceparent(childTraceparent(received))).toMatchObject({
      flags: received === parent ? 1 : 0,
    });
  });

  it.each([
    [{ OTEL_TRACES_SAMPLER: 'some' }, 'OTEL_TRACES_SAMPLER must be one of always_on'],
    [
      { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '1.5' },
      "OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1, got '1.5'",
    ],
  ])('refuses %j', async (env, message) => {
    const error = await start('http://127.0.0.1:1', env).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).message).toContain(message);
  });
});
