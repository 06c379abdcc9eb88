import { createServer } from 'node:http';

/** A span as OTLP over HTTP sends it in JSON. `kind`: 2 server, 3 client, 4 producer, 5 consumer. */
export type ReceivedSpan = Readonly<{
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  links?: readonly Readonly<{ spanId: string }>[];
  attributes: readonly Readonly<{ key: string; value: Readonly<Record<string, unknown>> }>[];
  status: Readonly<{ code?: number }>;
}>;

type Batch = Readonly<{
  resourceSpans: readonly Readonly<{ scopeSpans: readonly Readonly<{ spans: readonly ReceivedSpan[] }>[] }>[];
}>;

/** A collector of OpenTelemetry: `spans` of all batches that it has accepted so far, `text` of their requests. */
export type SpanCollector = Readonly<{
  spans(): readonly ReceivedSpan[];
  text(): string;
  /** The number of requests that were refused with 401. */
  refused(): number;
  close(): Promise<void>;
}>;

/** Starts a collector on a port of this machine. `mayCome` decides by the header `authorization`; by default all requests may. */
export const startSpanCollector = async (
  port: number,
  mayCome: (authorization: string | undefined) => boolean = () => true,
): Promise<SpanCollector> => {
  const texts: string[] = [];
  let refused = 0;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      if (!mayCome(request.headers.authorization)) {
        refused += 1;
        response.writeHead(401).end();
        return;
      }
      texts.push(Buffer.concat(chunks).toString('utf8'));
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    spans: () =>
      texts.flatMap((text) =>
        (JSON.parse(text) as Batch).resourceSpans.flatMap(({ scopeSpans }) =>
          scopeSpans.flatMap(({ spans }) => spans),
        ),
      ),
    text: () => texts.join('\n'),
    refused: () => refused,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
