import { describe, expect, it } from 'vitest';
import { type TopicRecord, TopicVersions } from './topic-versions.ts';

const record = (offset: bigint, version: number): TopicRecord => ({
  offset,
  version,
  countedVersion: 1,
  isDeleted: false,
  digest: `d${version}`,
});

describe('the versions on the topic', () => {
  it('detect a version that follows a newer one', () => {
    const topicVersions = new TopicVersions();
    expect(topicVersions.apply('a', record(0n, 1))).toBe('newest');
    expect(topicVersions.apply('a', record(1n, 3))).toBe('newest');
    expect(topicVersions.apply('a', record(2n, 2))).toBe('superseded');
    expect(topicVersions.lastOf('a')?.version).toBe(2);
    expect(topicVersions.newestVersionOf('a')).toBe(3);
    expect(topicVersions.apply('a', record(3n, 3))).toBe('newest');
    expect(topicVersions.lastOf('a')?.version).toBe(3);
  });

  it('are unchanged when a reader reads records again', () => {
    const topicVersions = new TopicVersions();
    topicVersions.apply('a', record(0n, 1));
    topicVersions.apply('a', record(1n, 2));
    expect(topicVersions.apply('a', record(0n, 1))).toBe('repeated');
    expect(topicVersions.apply('a', record(1n, 2))).toBe('repeated');
    expect(topicVersions.lastOf('a')?.version).toBe(2);
  });

  it('do not contain a key after its tombstone', () => {
    const topicVersions = new TopicVersions();
    topicVersions.apply('a', record(0n, 4));
    topicVersions.remove('a');
    expect(topicVersions.lastOf('a')).toBeUndefined();
    expect(topicVersions.newestVersionOf('a')).toBe(0);
    expect([...topicVersions.keys()]).toEqual([]);
  });
});
