import type * as Api from '@opentelemetry/api';
import type { Span, Tracer } from '@opentelemetry/api';
import { clientNameOf } from './process-context.ts';
import { formatTraceparent, freshTraceparent, nextTraceparent, parseTraceparent } from './traceparent.ts';

/** Target of spans, from the environment. */
export type TracingOptions = Readonly<{ service: string; env: Readonly<Record<string, string | undefined>> }>;

/** Active tracing; `shutdown` sends the buffered spans. */
export type Tracing = Readonly<{ shutdown: () => Promise<void> }>;

// Set while tracing is on. OpenTelemetry is some 40 MB of modules: none of it is loaded otherwise.
let active: { readonly api: typeof Api; readonly tracer: Tracer } | undefined;

/**
 * Starts OpenTelemetry if `OTEL_EXPORTER_OTLP_ENDPOINT` is set (OTLP over HTTP; its other `OTEL_*` variables apply);
 * otherwise does and loads nothing. Call it once, before work begins.
 */
export async function startTracing({ service, env }: TracingOptions): Promise<Tracing> {
  const endpoint = env['OTEL_EXPORTER_OTLP_ENDPOINT']?.trim();
  if (endpoint === undefined || endpoint === '') return { shutdown: async () => {} };
  const [api, { NodeSDK }, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-node'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const url = `${endpoint.replace(/\/+$/, '')}/v1/traces`;
  const sdk = new NodeSDK({
    serviceName: clientNameOf(service),
    traceExporter: new OTLPTraceExporter({ url }),
    instrumentations: [],
  });
  sdk.start();
  active = { api, tracer: api.trace.getTracer('tidings') };
  return {
    shutdown: async () => {
      active = undefined;
      await sdk.shutdown();
    },
  };
}

/** Returns the context of a new trace: the active span's if tracing is on, else new random ids (about 1 µs). */
export function newTraceparent(): string {
  return activeTraceparent() ?? freshTraceparent();
}

/**
 * Returns the context to pass on from work with the context `parent`: the active span's if tracing is on, else a new
 * span id in the same trace.
 */
export function childTraceparent(parent: string | undefined): string {
  return activeTraceparent() ?? nextTraceparent(parent);
}

function activeTraceparent(): string | undefined {
  const span = active?.api.trace.getActiveSpan();
  return span === undefined ? undefined : contextOf(span);
}

function contextOf(span: Span): string {
  const { traceId, spanId, traceFlags: flags } = span.spanContext();
  return formatTraceparent({ traceId, spanId, flags });
}

/**
 * Runs `work` inside a span that continues `parent`, with the context of the span; without tracing, runs it alone, with
 * `parent` or else the context of a new trace. A rejection marks the span.
 */
export async function inSpan<R>(
  name: string,
  parent: string | undefined,
  work: (traceparent: string) => Promise<R>,
): Promise<R> {
  if (active === undefined) return work(parent ?? freshTraceparent());
  const { api, tracer } = active;
  const remote = parseTraceparent(parent);
  const from =
    remote === null
      ? api.context.active()
      : api.trace.setSpanContext(api.context.active(), {
          traceId: remote.traceId,
          spanId: remote.spanId,
          traceFlags: remote.flags,
          isRemote: true,
        });
  return tracer.startActiveSpan(name, {}, from, async (span) =>
    finishing(api, span, async () => work(contextOf(span))),
  );
}

async function finishing<R>(api: typeof Api, span: Span, work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error) span.recordException(error);
    span.setStatus({ code: api.SpanStatusCode.ERROR });
    throw error;
  } finally {
    span.end();
  }
}
