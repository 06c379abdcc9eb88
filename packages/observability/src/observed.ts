import type { Logger } from './logger.ts';
import { inSpan } from './tracing.ts';

/** Any histogram in seconds with the one label `outcome` (`ok` or `failed`). */
export type OutcomeHistogram = Readonly<{
  observe: (labels: Readonly<{ outcome: string }>, seconds: number) => void;
}>;

/**
 * Observation of a handler. `name` is a verb and message (`handle-event-accepted`); `traceparentOf` returns its trace.
 */
export type ObservedOptions<A extends readonly unknown[]> = Readonly<{
  name: string;
  logger: Logger;
  histogram?: OutcomeHistogram;
  traceparentOf?: (...args: A) => string | undefined;
}>;

/**
 * Wraps a handler: a span, its duration, and one line if it fails. The result and the rejection are passed through
 * unchanged. Expected outcomes are values, so every rejection is logged as an error.
 */
export function observed<A extends readonly unknown[], R>(
  options: ObservedOptions<A>,
  handler: (...args: A) => Promise<R>,
): (...args: A) => Promise<R> {
  const { name, logger, histogram, traceparentOf } = options;
  return async (...args) => {
    const beganMs = performance.now();
    try {
      const result = await inSpan(name, traceparentOf?.(...args), async () => handler(...args));
      histogram?.observe({ outcome: 'ok' }, (performance.now() - beganMs) / 1000);
      return result;
    } catch (error) {
      const tookMs = performance.now() - beganMs;
      histogram?.observe({ outcome: 'failed' }, tookMs / 1000);
      logger.error({ handler: name, tookMs: Math.round(tookMs), error }, 'handler.failed');
      throw error;
    }
  };
}
