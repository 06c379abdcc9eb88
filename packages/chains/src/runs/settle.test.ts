import { appTopics, decodeRunLogEntry, eventId, workspaceId } from '@tidings/contracts';
import { createMemoryBus } from '@tidings/kafka/testing';
import { createMetrics, silentLogger } from '@tidings/observability';
import { fakeClock } from '@tidings/runtime/testing';
import { expect, it } from 'vitest';
import { HandlerQueue } from '../attempts/handler-queue.ts';
import { Places } from '../attempts/places.ts';
import { defineHandler } from '../handlers/handler.ts';
import { step as stepOf } from '../handlers/step.ts';
import { RunLogWriter } from '../log/run-log-writer.ts';
import { chainsMetrics } from '../metrics.ts';
import { app, type DefineStep, World } from '../test/world.ts';
import { Admission } from './admission.ts';
import { PartitionRuns } from './partition-runs.ts';
import { StateMemory } from './state-memory.ts';

const second = 1_000;
const minute = 60 * second;

const openRuns = async () => {
  const clock = fakeClock();
  const bus = createMemoryBus({ clock });
  const topics = appTopics(app);
  const handler = defineHandler(
    'a',
    stepOf('a', () => 1),
    {},
  );
  const { handles: metrics } = createMetrics(chainsMetrics, { service: 'test', nodeMetrics: false });
  const producer = await bus.producer();
  const writer = new RunLogWriter({
    bus,
    producer,
    runLog: topics.runLog,
    partition: 0,
    epoch: 2,
    nextOffset: 0n,
  });
  const parts = {
    ...{
      app,
      owner: 'w',
      bus,
      producer,
      topics,
      clock,
      logger: silentLogger,
      metrics,
      onFailed: () => {},
      ...{ memory: new StateMemory(1_000), admission: new Admission(new Map()), suspects: new Places(1) },
    },
    ...{ handlers: new Map([['a', handler]]), queues: new Map([['a', new HandlerQueue(1)]]) },
  };
  const runs = new PartitionRuns({ parts, writer, onLost: () => {} });
  const start = async (n: number): Promise<void> => {
    const id = eventId(`evt_${String(n).repeat(32)}`);
    const event = {
      ...{
        id,
        type: 'a',
        workspaceId: workspaceId('ws'),
        consumerId: null,
        source: '/shop',
        orderingKey: null,
      },
      ...{
        time: '2026-11-30T12:00:00Z',
        acceptedAtMs: 1,
        traceparent: null,
        partition: 0,
        offset: String(n),
      },
    };
    void runs.start(handler, event, '{}');
    await clock.advance(11 * minute);
  };
  const removed = () => bus.records(topics.runLog).filter(({ value }) => value === null);
  return { runs, start, removed };
};

it('forgets no ended run before the states of older epochs are void', async () => {
  const { runs, start, removed } = await openRuns();
  await start(1);
  await start(2);
  expect(removed()).toHaveLength(0);
  runs.settled();
  await start(3);
  expect(removed()).toHaveLength(2);
});

it('writes the newest states first', async () => {
  const world = new World();
  const handlers = (step: DefineStep) => [{ pattern: 'a', node: step('a', undefined, { tries: 1 }) }];
  const first = await world.start({ handlers });
  for (let n = 0; n < 3; n += 1) {
    await world.publish('a', n, { key: 'k' });
    await world.clock.advance(second);
  }
  await world.remove(first);
  await world.start({ handlers });
  await world.clock.advance(second);
  const completed = world.bus.records(world.own.runLog).flatMap((record) => {
    const entry = record.value === null ? null : decodeRunLogEntry(record);
    return entry !== null && 'run' in entry && entry.run.status === 'completed' ? [entry.run] : [];
  });
  const writtenIn = (of: number) => completed.filter(({ epoch }) => epoch === of).map(({ runId }) => runId);
  expect(writtenIn(1)).toHaveLength(3);
  expect(writtenIn(2)).toEqual(writtenIn(1).toReversed());
});
