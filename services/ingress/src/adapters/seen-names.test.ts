import { decodeEventTypeSeen, topics, workspaceId } from '@tidings/contracts';
import { createMemoryBus } from '@tidings/kafka/testing';
import { recordingLogger } from '@tidings/observability/testing';
import { eventually } from '@tidings/testing';
import { describe, expect, it } from 'vitest';
import { SeenNames } from './seen-names.ts';

const demo = workspaceId('ws_demo');

describe('names that are not registered', () => {
  it('are reported once each', async () => {
    const bus = createMemoryBus();
    const seen = new SeenNames(await bus.producer(), recordingLogger());
    for (const name of ['a', 'b', 'a']) seen.report(demo, name);
    seen.report(workspaceId('ws_other'), 'a');
    const reported = () => bus.records(topics.seenEventTypes).map((record) => decodeEventTypeSeen(record));
    await eventually(() =>
      expect(reported().map(({ workspaceId: id, name }) => [id, name])).toEqual([
        ['ws_demo', 'a'],
        ['ws_demo', 'b'],
        ['ws_other', 'a'],
      ]),
    );
  });

  it('are reported up to the limit of drafts of a workspace, independent of other workspaces', async () => {
    const reported: unknown[] = [];
    const publish = async (record: unknown) => {
      reported.push(record);
      return { topic: '', partition: 0, offset: 0n };
    };
    const seen = new SeenNames({ publish }, recordingLogger());
    for (let index = 0; index < 1_100; index += 1) seen.report(demo, `type_${index}`);
    expect(reported).toHaveLength(1_000);
    seen.report(workspaceId('ws_other'), 'a');
    expect(reported).toHaveLength(1_001);
  });

  it('are reported at their next occurrence if a report failed', async () => {
    const logger = recordingLogger();
    let tries = 0;
    const publish = async () => {
      tries += 1;
      throw new Error('no brokers');
    };
    const seen = new SeenNames({ publish }, logger);
    seen.report(demo, 'a');
    await eventually(() => expect(logger.lines).toMatchObject([{ event: 'event-type.seen-not-published' }]));
    seen.report(demo, 'a');
    expect(tries).toBe(2);
  });
});
