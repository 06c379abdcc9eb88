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

  it('warns of settings that break a guarantee, and not of those that are larger than needed', async () => {
    const options = { brokers: inject('brokers'), replicationFactor: 1, logger: silentLogger };
    const shape = { kind: 'log', partitions: 1, key: 'any' } as const;
    const mirrored = { ...shape, name: freshName('mirrored'), config: { 'retention.ms': '1000' } };
    const larger = {
      ...{ ...shape, name: freshName('larger') },
      config: { 'retention.ms': '-1', 'cleanup.policy': 'delete,compact', 'segment.ms': '60000' },
    };
    await ensureTopics({ ...options, topics: [mirrored, larger] });
    const needed = {
      'retention.ms': '2000',
      'message.timestamp.type': 'LogAppendTime',
      'cleanup.policy': 'compact,delete',
    };
    const topics = [mirrored, larger].map((topic) => ({ ...topic, config: needed }));
    const { warnings } = await ensureTopics({ ...options, topics });
    const { name } = mirrored;
    expect(warnings).toEqual([
      `${name} has retention.ms 1000, at least 2000 is needed: kafka-configs.sh --alter --topic ${name} --add-config retention.ms=[2000]`,
      expect.stringContaining(`${name} has message.timestamp.type CreateTime, LogAppendTime is needed`),
      expect.stringContaining(`${name} has cleanup.policy delete, compact,delete is needed`),
      expect.stringContaining(
        `${larger.name} has message.timestamp.type CreateTime, LogAppendTime is needed`,
      ),
    ]);
  });
});
