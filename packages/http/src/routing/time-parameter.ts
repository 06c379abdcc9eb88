import { AppError } from '@tidings/runtime';
import type { JsonSchema } from './route.ts';

/** Declares a query parameter that is a time, for {@link readTime}. */
export const timeParameter = (description: string) =>
  ({
    type: 'string',
    format: 'date-time',
    pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?(Z|[+-]\\d\\d:\\d\\d)$',
    description: `${description} RFC 3339, such as 2026-11-22T10:00:00Z.`,
  }) as const satisfies JsonSchema;

/**
 * Returns the {@link timeParameter} called `name` in milliseconds. Throws AppError `invalid-request` for a day or hour
 * that does not exist: Date.parse turns 30 February into 2 March.
 */
export function readTime(text: string, name: string): number {
  const ms = Date.parse(text);
  const [year = 0, month = 0, day = 0] = text.slice(0, 10).split('-').map(Number);
  const isDay = new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
  if (Number.isFinite(ms) && isDay) return ms;
  const detail = `There is no such time as '${text}'.`;
  throw new AppError({
    code: 'invalid-request',
    message: detail,
    details: [{ pointer: `/${name}`, detail }],
  });
}
