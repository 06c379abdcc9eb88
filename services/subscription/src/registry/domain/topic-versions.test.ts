import { describe, expect, it } from 'vitest';
import { type LandedRecord, LandedVersions } from './topic-versions.ts';

const record = (offset: bigint, version: number): LandedRecord => ({
  offset,
  version,
  countedVersion: 1,
  isDeleted: false,
  digest: `d${version}`,
});

describe('the versions that landed on the topic', () => {
  it('tell a version that lies behind a newer one', () => {
    const landed = new LandedVersions();
    expect(landed.land('a', record(0n, 1))).toBe('newest');
    expect(landed.land('a', record(1n, 3))).toBe('newest');
    expect(landed.land('a', record(2n, 2))).toBe('overtaken');
    expect(landed.lastOf('a')?.version).toBe(2);
    expect(landed.newestVersionOf('a')).toBe(3);
    expect(landed.land('a', record(3n, 3))).toBe('newest');
    expect(landed.lastOf('a')?.version).toBe(3);
  });

  it('are not confused by a reader that reads again', () => {
    const landed = new LandedVersions();
    landed.land('a', record(0n, 1));
    landed.land('a', record(1n, 2));
    expect(landed.land('a', record(0n, 1))).toBe('repeated');
    expect(landed.land('a', record(1n, 2))).toBe('repeated');
    expect(landed.lastOf('a')?.version).toBe(2);
  });

  it('know nothing of a key after its tombstone', () => {
    const landed = new LandedVersions();
    landed.land('a', record(0n, 4));
    landed.remove('a');
    expect(landed.lastOf('a')).toBeUndefined();
    expect(landed.newestVersionOf('a')).toBe(0);
    expect([...landed.keys()]).toEqual([]);
  });
});
