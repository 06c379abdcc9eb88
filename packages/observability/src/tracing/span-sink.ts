import type * as Api from '@opentelemetry/api';
import type * as Otlp from '@opentelemetry/exporter-trace-otlp-http';
import type * as Sdk from '@opentelemetry/sdk-node';
import type { Logger } from '../logger.ts';
import { clientNameOf } from '../process-name.ts';
import { parseTraceparent } from './traceparent.ts';

/**
 * Work that has ended. `traceparent`: the context of the work, whose span id becomes that of the span; `parent`: the
 * context that it continues. `isLinked`: the parent is the context of a message, to which OpenTelemetry's conventions
 * also link. `links`: contexts of other traces that the work belongs to. Times are epoch milliseconds, `endMs` by default now. `error`: a low-cardinality class of failure, which
 * marks the span. Attributes contain no secrets, no bodies and no URL with its path or query.
 */
export type FinishedSpan = Readonly<{
  traceparent: string;
  parent: string | null | undefined;
  isLinked?: boolean;
  links?: readonly string[];
  name: string;
  kind: 'server' | 'client' | 'producer' | 'consumer' | 'internal';
  startMs: number;
  endMs?: number;
  attributes: Api.Attributes;
  error?: string;
}>;

/** The exit of finished spans. `shutdown` sends what is buffered, for a second at most. */
export type SpanSink = Readonly<{ record: (span: FinishedSpan) => void; shutdown: () => Promise<void> }>;

/** `headers`: of each request, as `name=value,…`; undefined: those of the SDK's own variables. */
type SinkOptions = Readonly<{ service: string; url: string; headers: string | undefined; logger: Logger }>;
type Modules = Readonly<{ api: typeof Api; sdk: typeof Sdk; otlp: typeof Otlp }>;

// Of the process's own shutdown: a collector that is away must not delay it.
const shutdownMs = 1_000;

/**
 * Opens OpenTelemetry's batch processor and its exporter for OTLP over HTTP. At most 2,048 spans wait
 * (`OTEL_BSP_MAX_QUEUE_SIZE`); further ones are dropped. While the collector does not accept spans, one line says so.
 */
export async function openSpanSink(options: SinkOptions): Promise<SpanSink> {
  const [api, sdk, otlp] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const modules = { api, sdk, otlp };
  const ids: SpanIds = { traceId: '', spanId: '' };
  const provider = createProvider(modules, ids, options);
  return {
    record: createRecorder(api, provider.getTracer('tidings'), ids),
    shutdown: async () => {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, shutdownMs);
      });
      await Promise.race([provider.shutdown(), late]);
      clearTimeout(timer);
    },
  };
}

/** Ids of the span that is created next. */
type SpanIds = { traceId: string; spanId: string };

function createProvider({ sdk, otlp }: Modules, ids: SpanIds, options: SinkOptions) {
  const { service, url, headers, logger } = options;
  const { tracing, resources, core } = sdk;
  const own = headers === undefined ? {} : { headers: core.parseKeyPairsIntoRecord(headers) };
  return new tracing.BasicTracerProvider({
    // Only sampled work is recorded.
    sampler: new tracing.AlwaysOnSampler(),
    // Spans are created when their work has ended, with the ids that were passed on meanwhile.
    idGenerator: { generateTraceId: () => ids.traceId, generateSpanId: () => ids.spanId },
    resource: resources
      .defaultResource()
      .merge(resources.resourceFromAttributes({ 'service.name': clientNameOf(service) }))
      .merge(resources.detectResources({ detectors: [resources.envDetector] })),
    spanProcessors: [
      new tracing.BatchSpanProcessor(
        createReportingExporter(sdk, new otlp.OTLPTraceExporter({ url, ...own }), logger),
      ),
    ],
  });
}

function createReportingExporter(
  { core }: typeof Sdk,
  exporter: Sdk.tracing.SpanExporter,
  logger: Logger,
): Sdk.tracing.SpanExporter {
  let isFailing = false;
  const report = (error: Error | undefined): void => {
    if (isFailing === (error !== undefined)) return;
    isFailing = error !== undefined;
    if (error === undefined) logger.info({}, 'tracing.exported-again');
    else logger.warn({ detail: error.message }, 'tracing.not-exported');
  };
  const { SUCCESS } = core.ExportResultCode;
  return {
    export: (spans, done) =>
      exporter.export(spans, ({ code, error = new Error('refused') }) => {
        report(code === SUCCESS ? undefined : error);
        // A failure is reported above; the processor has no other use for it.
        done({ code: SUCCESS });
      }),
    shutdown: async () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  };
}

function remoteContext(traceparent: string | null | undefined): Api.SpanContext | undefined {
  const context = parseTraceparent(traceparent ?? undefined);
  if (context === null) return undefined;
  const { traceId, spanId, flags } = context;
  return { traceId, spanId, traceFlags: flags, isRemote: true };
}

function createRecorder(api: typeof Api, tracer: Api.Tracer, ids: SpanIds): SpanSink['record'] {
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } = api;
  const kinds = {
    server: SpanKind.SERVER,
    client: SpanKind.CLIENT,
    producer: SpanKind.PRODUCER,
    consumer: SpanKind.CONSUMER,
    internal: SpanKind.INTERNAL,
  } as const;
  return ({ traceparent, parent, isLinked = false, links = [], name, kind, startMs, endMs, ...rest }) => {
    const { attributes, error } = rest;
    const own = parseTraceparent(traceparent);
    if (own === null) return;
    const from = remoteContext(parent);
    const remote = from?.traceId === own.traceId ? from : undefined;
    ids.traceId = own.traceId;
    ids.spanId = own.spanId;
    const linked = [isLinked ? remote : undefined, ...links.map(remoteContext)];
    const span = tracer.startSpan(
      name,
      {
        ...{ kind: kinds[kind], startTime: startMs, attributes },
        links: linked.flatMap((context) => (context === undefined ? [] : { context })),
      },
      remote === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, remote),
    );
    if (error !== undefined) {
      span.setAttribute('error.type', error);
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end(Math.max(startMs, endMs ?? Date.now()));
  };
}
