import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { childTraceparent, inSpan, observed, parseTraceparent, silentLogger, startTracing } from './index.ts';

type Received = {
  resourceSpans: {
    scopeSpans: {
      spans: { name: string; traceId: string; parentSpanId?: string; status: { code?: number } }[];
    }[];
  }[];
};

async function aCollector(): Promise<{
  url: string;
  spans: () => Received['resourceSpans'][0]['scopeSpans'][0]['spans'];
}> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      received.push(JSON.parse(text) as Received);
      response.end('{}');
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

it('sends spans to the collector of the environment, in the trace of the message', async () => {
  const collector = await aCollector();
  const tracing = await startTracing({
    service: 'test',
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/` },
  });
  const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const handle = observed(
    {
      name: 'handle-x',
      logger: silentLogger,
      traceparentOf: (message: { traceparent: string }) => message.traceparent,
    },
    async () => childTraceparent('ignored while a span is active'),
  );
  const passedOn = parseTraceparent(await handle({ traceparent: parent }));
  await expect(inSpan('fails', undefined, async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await tracing.shutdown();

  const [span, failed] = collector.spans();
  expect(span).toMatchObject({
    name: 'handle-x',
    traceId: passedOn?.traceId,
    parentSpanId: 'b7ad6b7169203331',
  });
  expect(span?.traceId).toBe('0af7651916cd43dd8448eb211c80319c');
  expect(failed).toMatchObject({ name: 'fails', status: { code: 2 } });
});
