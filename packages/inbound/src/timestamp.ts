import type { HookFailure } from './provider.ts';

/** Time in both directions within which a signed timestamp is accepted, in seconds. */
export const defaultToleranceSeconds = 300;

/** Returns the fault of a timestamp, which has only digits and is within the tolerance in both directions; else null. */
export function timestampFault(
  text: string | undefined,
  nowSeconds: number,
  toleranceSeconds = defaultToleranceSeconds,
): HookFailure | null {
  if (text === undefined || !/^\d{1,12}$/.test(text)) return 'malformed-timestamp';
  return Math.abs(Number(text) - nowSeconds) > toleranceSeconds ? 'timestamp-out-of-range' : null;
}
