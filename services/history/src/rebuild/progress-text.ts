import type { Progress } from './domain/rebuild.ts';

const grouped = (count: number): string => Math.round(count).toLocaleString('en-US');

/** Returns a duration as a person reads it, such as `1h02m`, `3m20s` or `7s`. */
export const durationText = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const two = (value: number): string => String(value).padStart(2, '0');
  if (seconds >= 3_600) return `${Math.floor(seconds / 3_600)}h${two(Math.floor((seconds % 3_600) / 60))}m`;
  return seconds >= 60 ? `${Math.floor(seconds / 60)}m${two(seconds % 60)}s` : `${seconds}s`;
};

/** The speed of a rebuild: what was done since it, or its continuation, began. */
export type Elapsed = Readonly<{ doneBefore: number; ms: number }>;

/** Returns one line about the progress: partition, records, share, speed, and the time that is left. */
export const progressText = (
  partition: Readonly<{ topic: string; partition: number }>,
  { total, done }: Progress,
  { doneBefore, ms }: Elapsed,
): string => {
  const percent = total === 0 ? 100 : Math.floor((100 * done) / total);
  const perSecond = ms <= 0 ? 0 : ((done - doneBefore) * 1_000) / ms;
  const speed =
    perSecond <= 0
      ? ''
      : `, ${grouped(perSecond)}/s, eta ${durationText(((total - done) / perSecond) * 1_000)}`;
  return `${partition.topic} ${partition.partition}: ${grouped(done)} of ${grouped(total)} records (${percent} %)${speed}`;
};
