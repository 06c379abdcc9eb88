/** Maximum wait that an endpoint can request. */
export const maxRetryAfterMs = 24 * 3_600_000;

const seconds = /^\d{1,15}$/;
// RFC 9110 section 5.6.7: the preferred format, and two obsolete ones that recipients must accept.
const httpDates = [
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/,
  /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, \d{2}-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-\d{2} \d{2}:\d{2}:\d{2} GMT$/,
  /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/,
];

const isHttpDate = (text: string): boolean => httpDates.some((form) => form.test(text));

/**
 * Parses a `Retry-After` header. Returns the wait in milliseconds, at most 24 h; null when the header is
 * missing, in the past, or neither whole seconds nor an HTTP date.
 */
export const parseRetryAfter = (header: string | undefined, nowMs: number): number | null => {
  const text = header?.trim() ?? '';
  if (seconds.test(text)) return Math.min(Number(text) * 1_000, maxRetryAfterMs);
  if (!isHttpDate(text)) return null;
  const atMs = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(atMs) || atMs <= nowMs ? null : Math.min(atMs - nowMs, maxRetryAfterMs);
};
