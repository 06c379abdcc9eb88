import { describe, expect, it } from 'vitest';
import { checksumsOf } from './checksums.mjs';
import { folderOf, foundVersions, recordedChecksums, unreleased } from './fixture-files.ts';

const released = recordedChecksums();

describe('the fixtures of releases', () => {
  it.each(Object.keys(released))('of version %s are as they were', (version) => {
    expect(
      checksumsOf(folderOf(version)),
      `deploy/formats/fixtures/${version} is what version ${version} wrote, and never changes: restore it, and record ` +
        'what is written now with `npm run fixtures` (docs/upgrade.md)',
    ).toEqual(released[version]);
  });

  it('have a checksum each', () => {
    const known = new Set([...Object.keys(released), unreleased]);
    expect(
      foundVersions().filter((version) => !known.has(version)),
      'add a release with `npm run fixtures -- --release <version>`',
    ).toEqual([]);
  });
});
