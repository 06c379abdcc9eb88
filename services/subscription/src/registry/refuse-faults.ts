import type { ErrorDetail } from '@tidings/json';
import { refused } from '@tidings/runtime';

/** Throws AppError `unprocessable` if there are faults. */
export function refuseFaults(faults: readonly ErrorDetail[]): void {
  if (faults.length > 0) throw refused(faults);
}
