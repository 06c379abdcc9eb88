import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';

const secondsIn: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 };
const part = /(\d{1,9})([smhdw])/g;
const duration = /^(\d{1,9}[smhdw])+$/;
const example = 'such as 90, 90s, 10m, 2h, 7d or 1h30m';

/**
 * Returns a duration in seconds: `90`, `90s`, `10m`, `2h`, `7d`, `2w`, `1h30m`. Throws CommandFailed for anything else.
 */
export function readSeconds(name: string, text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const seconds = secondsOf(text);
  if (seconds !== null) return seconds;
  throw new CommandFailed(exitCodes.usage, `${name} must be a duration, ${example}, got '${text}'.`);
}

function secondsOf(text: string): number | null {
  if (!duration.test(text)) return null;
  return [...text.matchAll(part)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (secondsIn[unit ?? ''] ?? 0),
    0,
  );
}

/**
 * Returns a time in the API's format (RFC 3339). `text` is such a time, a day (`2026-11-22`, meaning its midnight in
 * UTC), or a duration, which is subtracted from now, or added if `isAhead`. Throws CommandFailed for anything else.
 */
export function readTime(name: string, text: string, isAhead = false): string {
  const seconds = secondsOf(text);
  if (seconds !== null) {
    const ms = Date.now() + (isAhead ? 1_000 : -1_000) * seconds;
    if (Math.abs(ms) <= maxDateMs) return new Date(ms).toISOString();
  }
  if (/^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(Date.parse(text))) return `${text}T00:00:00Z`;
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d.*(Z|[+-]\d\d:\d\d)$/i.test(text) && !Number.isNaN(Date.parse(text)))
    return text;
  const wanted = `a time such as 2026-11-22T10:00:00Z, a day, or 2h for two hours ${isAhead ? 'from now' : 'ago'}`;
  throw new CommandFailed(exitCodes.usage, `${name} must be ${wanted}, got '${text}'.`);
}

const maxDateMs = 253_402_300_799_999;
