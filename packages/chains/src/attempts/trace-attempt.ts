import { context, type Link, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import type { RunEvent, RunStep } from '@tidings/contracts';
import { contextOfEvent, traceparentOf, tracer } from '../trace-context.ts';
import type { AttemptEnd } from './attempt-step.ts';

type Attempt = Readonly<{
  app: string;
  handler: string;
  runId: string;
  event: RunEvent;
  step: string;
  attempt: number;
  /** The step before this attempt; undefined if none has ended. */
  known: RunStep | undefined;
  nowMs: number;
}>;

/** An attempt and its span. `traceparent`: the context of the span, absent unless it is recorded. */
export type TracedAttempt = Readonly<{
  traceparent: string | undefined;
  /** Does the work inside the span: what it calls belongs to it, if its client is instrumented. */
  run: <Result>(work: () => Result) => Result;
  end: (end: AttemptEnd) => void;
}>;

const linksOf = (traceparent: string | undefined): Link[] => {
  const before = trace.getSpanContext(contextOfEvent(traceparent));
  return before === undefined ? [] : [{ context: before }];
};

const finish = (span: Span, end: AttemptEnd): void => {
  if (!span.isRecording()) return;
  const { outcome } = end.attempt;
  span.setAttribute('tidings.outcome', outcome);
  if (end.kind === 'failed') {
    // The text of the error is in the run: it may contain what does not belong into a trace.
    span.setAttribute('error.type', outcome).setStatus({ code: SpanStatusCode.ERROR });
    if (end.retryAtMs !== null)
      span.setAttribute('tidings.not_before', new Date(end.retryAtMs).toISOString());
  }
  span.end();
};

/**
 * Starts the span of an attempt, in the trace of the event, with the OpenTelemetry SDK of the application: without one it is
 * nothing. An attempt after a wait is linked with the one before.
 */
export const traceAttempt = ({ event, known, step, nowMs, ...about }: Attempt): TracedAttempt => {
  const before = known?.attempts.at(-1);
  const parent = contextOfEvent(event.traceparent);
  const waitMs = before === undefined ? undefined : nowMs - before.startedAtMs - before.durationMs;
  const span = tracer().startSpan(
    `step ${step}`,
    {
      attributes: {
        'tidings.app': about.app,
        'tidings.handler': about.handler,
        'tidings.run.id': about.runId,
        'tidings.event.id': event.id,
        'tidings.step': step,
        'tidings.attempt': about.attempt,
        ...(waitMs !== undefined && { 'tidings.wait_ms': Math.max(0, waitMs) }),
      },
      links: linksOf(before?.traceparent),
    },
    parent,
  );
  return {
    traceparent: span.isRecording() ? traceparentOf(span) : undefined,
    run: (work) => context.with(trace.setSpan(parent, span), work),
    end: (end) => finish(span, end),
  };
};
