import { AppError } from '@tidings/runtime';

/** Parses the position of a cursor in a list ordered by time and name. Throws AppError `invalid-request`. */
export function timePositionOf(value: unknown): readonly [timeMs: number, name: string] {
  const [timeMs, name] = Array.isArray(value) ? (value as readonly unknown[]) : [];
  if (typeof timeMs === 'number' && Number.isSafeInteger(timeMs) && typeof name === 'string') {
    return [timeMs, name];
  }
  const detail = 'The cursor is malformed: start again without a cursor.';
  throw new AppError({ code: 'invalid-request', message: detail, details: [{ pointer: '/cursor', detail }] });
}
