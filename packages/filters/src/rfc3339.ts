/**
 * A point in time: whole seconds since the epoch, and the decimal digits of the fraction of a second, without trailing
 * zeros. Digits, since a double holds no more than 15 of them.
 */
export type Moment = Readonly<{ seconds: number; fraction: string }>;

const pattern =
  /^(\d{4})-(\d{2})-(\d{2})(?:[Tt ](\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,18}))?([Zz]|[+-]\d{2}:\d{2}))?$/;

const offsetSeconds = (zone: string): number | null => {
  if (zone === 'Z' || zone === 'z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (hours > 23 || minutes > 59) return null;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 3_600 + minutes * 60);
};

/**
 * Parses a date-time of RFC 3339 section 5.6, or a full-date, which is its midnight in UTC. Returns null for anything
 * else, non-existent days included. Fractions finer than a millisecond count; second 60 is the first of the next
 * minute.
 */
export function readMoment(text: string): Moment | null {
  // The cheap test first: most compared texts are no dates.
  if (text.length < 10 || text.length > 64 || text.charCodeAt(4) !== 0x2d) return null;
  const match = pattern.exec(text);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const offset = offsetSeconds(match[8] ?? 'Z');
  if (offset === null || hour > 23 || minute > 59 || second > 60) return null;
  const date = new Date(0);
  // Unlike Date.UTC it does not change the years 0 to 99.
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  const seconds = date.getTime() / 1_000 + hour * 3_600 + minute * 60 + second - offset;
  return { seconds, fraction: (match[7] ?? '').replace(/0+$/, '') };
}

/** Compares two times: below 0 if `a` is earlier, above 0 if it is later, 0 if they are equal. */
export const compareMoments = (a: Moment, b: Moment): number =>
  a.seconds - b.seconds || (a.fraction < b.fraction ? -1 : Number(a.fraction > b.fraction));
