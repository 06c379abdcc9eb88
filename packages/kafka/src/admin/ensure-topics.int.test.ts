import { allTopics } from '@tidings/contracts';
import { silentLogger } from '@tidings/observability';
import { recordingLogger } from '@tidings/observability/testing';
import { describe, expect, inject, it } from 'vitest';
import { freshName } from '../contract/harness.ts';
import { ensureTopics } from './ensure-topics.ts';

describe('ensuring topics', () => {
  it('creates missing topics, once', async () => {
    const options = { brokers: inject('brokers'), replicationFactor: 1, logger: silentLogger };
    await ensureTopics(options);
    expect(await ensureTopics(options)).toEqual({ created: [], warnings: [] });
    const topic = { name: freshName('new'), kind: 'log', partitions: 2, key: 'any', config: {} } as const;
    expect((await ensureTopics({ ...options, topics: [...allTopics, topic] })).created).toEqual([topic.name]);
  });

  it('warns of a topic with too few partitions, and does not change it', async () => {
    const logger = recordingLogger();
    const options = { brokers: inject('brokers'), replicationFactor: 1, logger };
    const topic = { name: freshName('small'), kind: 'log', partitions: 2, key: 'any', config: {} } as const;
    await ensureTopics({ ...options, topics: [topic] });
    const { created, warnings } = await ensureTopics({ ...options, topics: [{ ...topic, partitions: 3 }] });
    expect(created).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(`${topic.name} has 2 partitions, 3 are expected`)]);
    expect(logger.lines).toContainEqual(expect.objectContaining({ level: 'warn', event: 'topics.check' }));
  });
});
