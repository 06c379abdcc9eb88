import type { FinishedSpan } from './tracing/span-sink.ts';
import { traceTo } from './tracing/tracing.ts';

export { type RecordedLine, recordingLogger } from './logger.ts';

/** Switches tracing on until `cleanUp` is called. Returns the spans that are recorded from now on, in the order of their ends. */
export function recordSpans(cleanUp: (end: () => Promise<void>) => void): readonly FinishedSpan[] {
  const spans: FinishedSpan[] = [];
  const { shutdown } = traceTo({ record: (span) => void spans.push(span), shutdown: async () => {} });
  cleanUp(shutdown);
  return spans;
}
