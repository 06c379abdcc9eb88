const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** Returns a schedule of seconds as it is written: `5s, 1m, 2h`. */
export const scheduleText = (seconds: readonly number[]): string => seconds.map(durationOf).join(', ');

function durationOf(seconds: number): string {
  const unit = units.find(([, size]) => seconds >= size && seconds % size === 0);
  return unit === undefined ? `${seconds}s` : `${seconds / unit[1]}${unit[0]}`;
}

/** Returns the seconds of a written schedule, or the part of it that is no duration. A number alone is of seconds. */
export function readSchedule(
  text: string,
): Readonly<{ seconds: readonly number[] }> | Readonly<{ wrong: string }> {
  const seconds: number[] = [];
  for (const part of text.split(/[\s,]+/).filter((one) => one !== '')) {
    const [, count, name = 's'] = /^(\d{1,9})([smhd])?$/.exec(part) ?? [];
    const size = units.find(([unit]) => unit === name)?.[1];
    if (count === undefined || size === undefined) return { wrong: part };
    seconds.push(Number(count) * size);
  }
  return { seconds };
}
