import { describe, expect, it } from 'vitest';
import { readSeconds, readTime } from './read-time.ts';

describe('a duration', () => {
  it.each([
    ['0', 0],
    ['90', 90],
    ['90s', 90],
    ['10m', 600],
    ['2h', 7_200],
    ['7d', 604_800],
    ['2w', 1_209_600],
    ['1h30m', 5_400],
  ])('%s is valid', (text, seconds) => {
    expect(readSeconds('--overlap', text)).toBe(seconds);
  });

  it.each(['', '-1', '1.5h', '10 m', 'm', '10M', '1e3', 'P1D', '10mm'])('%j is invalid', (text) => {
    expect(() => readSeconds('--overlap', text)).toThrow(
      `--overlap must be a duration, such as 90, 90s, 10m, 2h, 7d or 1h30m, got '${text}'.`,
    );
  });
});

describe('a time', () => {
  it.each([
    ['2026-11-22T10:00:00Z', '2026-11-22T10:00:00Z'],
    ['2026-11-22T10:00:00.123+02:00', '2026-11-22T10:00:00.123+02:00'],
    ['2026-11-22', '2026-11-22T00:00:00Z'],
  ])('%s is valid', (text, time) => {
    expect(readTime('--from', text)).toBe(time);
  });

  it.each(['', 'now', '90', '2026-13-01', '2026-11-22T10:00:00', '22.11.2026', '999999999w'])(
    '%j is invalid',
    (text) => {
      expect(() => readTime('--from', text)).toThrow(
        '--from must be a time such as 2026-11-22T10:00:00Z, a day, or 2h',
      );
    },
  );
});
