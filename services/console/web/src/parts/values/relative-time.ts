const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** Returns the distance of a time from now in its largest whole unit: "3 minutes ago", "in 2 hours"; null within a second. */
export function relativeTime(
  timeMs: number,
  nowMs: number,
  style: 'long' | 'narrow' = 'long',
): string | null {
  const distanceMs = timeMs - nowMs;
  const unit = units.find(([, ms]) => Math.abs(distanceMs) >= ms);
  if (unit === undefined) return null;
  const [name, ms] = unit;
  return new Intl.RelativeTimeFormat('en', { numeric: 'always', style }).format(
    Math.trunc(distanceMs / ms),
    name,
  );
}

/** Returns a duration in the unit that suits it: `0.8 ms`, `38 ms`, `1.24 s`, `3 min 5 s`, `2 h 10 min`. */
export function durationText(ms: number): string {
  if (ms < 10) return `${Math.round(ms * 10) / 10} ms`;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(2).replace(/\.?0+$/, '')} s`;
  const seconds = Math.round(ms / 1_000);
  const parts =
    seconds < 3_600
      ? ([
          [Math.floor(seconds / 60), 'min'],
          [seconds % 60, 's'],
        ] as const)
      : ([
          [Math.floor(seconds / 3_600), 'h'],
          [Math.floor((seconds % 3_600) / 60), 'min'],
        ] as const);
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(' ');
}
