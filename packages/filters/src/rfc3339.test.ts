import { describe, expect, it } from 'vitest';
import { compareMoments, readMoment } from './rfc3339.ts';

const secondsOf = (text: string): number | undefined => readMoment(text)?.seconds;

describe('RFC 3339', () => {
  it.each([
    ['1970-01-01T00:00:00Z', 0],
    ['1970-01-01', 0],
    ['1985-04-12T23:20:50.52Z', 482_196_050],
    ['1996-12-19T16:39:57-08:00', 851_042_397],
    ['1990-12-31T23:59:60Z', 662_688_000],
    ['1990-12-31T15:59:60-08:00', 662_688_000],
    ['1937-01-01T12:00:27.87+00:20', -1_041_337_173],
    ['2024-02-29t00:00:00z', 1_709_164_800],
    ['0001-01-01T00:00:00Z', -62_135_596_800],
  ])('reads %s', (text, seconds) => {
    expect(secondsOf(text)).toBe(seconds);
  });

  it.each([
    '',
    '2026',
    '2026-1-1',
    '2026-02-29',
    '2026-13-01',
    '2026-00-10',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60:00Z',
    '2026-01-01T00:00:61Z',
    '2026-01-01T00:00:00',
    '2026-01-01T00:00Z',
    '2026-01-01T00:00:00+24:00',
    '2026-01-01T00:00:00.Z',
    ' 2026-01-01',
    '2026-01-01x',
    '+002026-01-01',
  ])('does not read %j', (text) => {
    expect(readMoment(text)).toBeNull();
  });

  it('distinguishes moments less than a millisecond apart', () => {
    const read = (text: string) => readMoment(text) ?? { seconds: 0, fraction: '' };
    const a = read('2026-01-01T00:00:00.0000001Z');
    const b = read('2026-01-01T01:00:00.0000002+01:00');
    expect(compareMoments(a, b)).toBeLessThan(0);
    expect(compareMoments(b, a)).toBeGreaterThan(0);
    expect(compareMoments(a, a)).toBe(0);
  });
});
