import { type Context, ROOT_CONTEXT, type Span, type Tracer, trace } from '@opentelemetry/api';
import { formatTraceparent, parseTraceparent } from '@tidings/observability';

/** Returns the tracer of the SDK that the application has registered; without one, a tracer that does nothing. */
export const tracer = (): Tracer => trace.getTracer('@tidings/chains');

/** Returns the context in which work on an event is done; an empty one without a valid `traceparent`. */
export const contextOfEvent = (traceparent: string | null | undefined): Context => {
  const parsed = parseTraceparent(traceparent ?? undefined);
  if (parsed === null) return ROOT_CONTEXT;
  const { traceId, spanId, flags } = parsed;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: flags, isRemote: true });
};

/** Returns the context of a span as a header. */
export const traceparentOf = (span: Span): string => {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return formatTraceparent({ traceId, spanId, flags: traceFlags });
};
