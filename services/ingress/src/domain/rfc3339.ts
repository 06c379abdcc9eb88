const shape = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|[+-](\d\d):(\d\d))$/;

const daysIn = (year: number, month: number): number => new Date(Date.UTC(year, month, 0)).getUTCDate();

/**
 * Returns the time in upper case (`T`, `Z`) if it is an RFC 3339 date-time with a zone and at most
 * nanoseconds, else null. A leap second (`:60`) is rejected: no clock downstream can represent it.
 */
export const normaliseTime = (text: string): string | null => {
  const time = text.toUpperCase();
  const match = shape.exec(time);
  if (match === null) return null;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, zoneHour = 0, zoneMinute = 0] = match
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  const isDate = month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
  const isTime = hour <= 23 && minute <= 59 && second <= 59;
  return isDate && isTime && zoneHour <= 23 && zoneMinute <= 59 ? time : null;
};
