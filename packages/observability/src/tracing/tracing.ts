import { type Environment, loadConfig, optional, secret } from '@tidings/runtime';
import type { Logger } from '../logger.ts';
import { isSampledId, readSampling, type SamplingRule } from './sampling.ts';
import { type FinishedSpan, openSpanSink, type SpanSink } from './span-sink.ts';
import { formatTraceparent, freshTraceparent, nextTraceparent, parseTraceparent } from './traceparent.ts';

/** Target of spans, from the environment. `service`: the name of the process. */
export type TracingOptions = Readonly<{
  service: string;
  env: Environment;
  logger: Logger;
}>;

/** Active tracing; `shutdown` sends the buffered spans, for a second at most. */
export type Tracing = Readonly<{ shutdown: () => Promise<void> }>;

const settings = {
  headers: optional(
    secret({
      env: 'OTEL_EXPORTER_OTLP_HEADERS',
      help: 'headers of the requests to the collector: name=value,…',
    }),
  ),
} as const;

// Set while tracing is on. OpenTelemetry is some 40 MB of modules: none of it is loaded otherwise.
let active: Readonly<{ sink: SpanSink; sampling: SamplingRule }> | undefined;

/**
 * Starts OpenTelemetry if `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is set (OTLP over HTTP;
 * its other `OTEL_*` variables apply, and `OTEL_EXPORTER_OTLP_HEADERS_FILE` names a file with the headers); otherwise does and
 * loads nothing. Call it once, before work begins. Throws AppError `config-invalid` for an unknown sampler, or a file that
 * cannot be read.
 */
export async function startTracing({ service, env, logger }: TracingOptions): Promise<Tracing> {
  const endpoint = env['OTEL_EXPORTER_OTLP_ENDPOINT']?.trim() ?? '';
  const tracesEndpoint = env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']?.trim() ?? '';
  if (endpoint === '' && tracesEndpoint === '') return { shutdown: async () => {} };
  const sampling = readSampling(env);
  const url = tracesEndpoint === '' ? `${endpoint.replace(/\/+$/, '')}/v1/traces` : tracesEndpoint;
  const { headers: given } = loadConfig(settings, env);
  // The SDK reads the variable itself, and gives OTEL_EXPORTER_OTLP_TRACES_HEADERS precedence.
  const headers = (env['OTEL_EXPORTER_OTLP_HEADERS']?.trim() ?? '') === '' ? given : undefined;
  return traceTo(await openSpanSink({ service, url, headers, logger }), sampling);
}

/** Starts tracing with an exit of its own, for tests. `sampling`: default every new trace, and received ones by their flag. */
export function traceTo(sink: SpanSink, sampling: SamplingRule = { isParentBased: true, ratio: 1 }): Tracing {
  active = { sink, sampling };
  return {
    shutdown: async () => {
      active = undefined;
      await sink.shutdown();
    },
  };
}

const sampledFlag = 1;
const lastFlagDigit = 54;
const digitNine = 57;

/**
 * Returns whether spans of a context are recorded by this process: tracing is on and the context is sampled. Ask before
 * building a {@link FinishedSpan}: it costs nothing.
 */
export function isRecorded(traceparent: string | null | undefined): traceparent is string {
  if (active === undefined || traceparent === null || traceparent === undefined) return false;
  const code = traceparent.charCodeAt(lastFlagDigit);
  // The codes of '1', '3', … '9' are odd, those of 'b', 'd' and 'f' are even.
  return code <= digitNine ? (code & 1) === 1 : (code & 1) === 0;
}

/** Records work that has ended, if its context is recorded. Its span is sent later; nothing waits for that. */
export function recordSpan(span: FinishedSpan): void {
  if (isRecorded(span.traceparent)) active?.sink.record(span);
}

/** Returns the context of a new trace, about 1 µs: sampled as the settings say, always while tracing is off. */
export function newTraceparent(): string {
  const fresh = freshTraceparent();
  return active === undefined ? fresh : decided(fresh, active.sampling);
}

/** Returns the context of work that continues `parent`: a new span id in the same trace, or else a new trace. */
export function childTraceparent(parent: string | null | undefined): string {
  return nextTraceparent(parent) ?? newTraceparent();
}

/**
 * Returns the context of a request that came with the header `received`. Unless the sampler is parent-based, the
 * settings of this process decide whether its trace is recorded, not the sender.
 */
export function requestTraceparent(received: string | undefined): string {
  const next = childTraceparent(received);
  return active === undefined || active.sampling.isParentBased ? next : decided(next, active.sampling);
}

function decided(traceparent: string, { ratio }: SamplingRule): string {
  const context = parseTraceparent(traceparent);
  if (context === null) return traceparent;
  const flags = isSampledId(context.traceId, ratio)
    ? context.flags | sampledFlag
    : context.flags & ~sampledFlag;
  return flags === context.flags ? traceparent : formatTraceparent({ ...context, flags });
}

/** Returns the fields of a log line about work with this context: none without one. */
export function traceFields(
  traceparent: string | null | undefined,
): Readonly<{ trace_id?: string; span_id?: string }> {
  if (traceparent === null || traceparent === undefined || traceparent.length < lastFlagDigit)
    return noFields;
  return { trace_id: traceparent.slice(3, 35), span_id: traceparent.slice(36, 52) };
}

const noFields = Object.freeze({});
