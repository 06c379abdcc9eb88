import {
  type AttemptRecorded,
  type DeliveryId,
  type DeliveryState,
  decodeInstruction,
  decodeJobRecord,
  type EventAccepted,
  encodeAttempt,
  encodeEvent,
  encodeJobRecord,
  isLiveHoldChanged,
  type JobOrdered,
  type JobProgressed,
  jobPartition,
  type ReplaySpec,
  type SubscriptionRecord,
  topics,
  workspaceId,
} from '@tidings/contracts';
import { compileFilter } from '@tidings/filters';
import { type OutgoingRecord, openErasures, type Producer } from '@tidings/kafka';
import { createMemoryBus } from '@tidings/kafka/testing';
import { silentLogger } from '@tidings/observability';
import { type Clock, systemClock } from '@tidings/runtime';
import { onTestFinished } from 'vitest';
import { MatchIndex } from '../src/domain/match-index.ts';
import { Pace } from '../src/replays/domain/pace.ts';
import { openReplays } from '../src/replays/open-replays.ts';

export const jobId = `job_${'1'.repeat(32)}`;

/** Accepted time of the nth event that {@link replayWorld} publishes without a time of its own. */
export const timeOf = (n: number): number => 1_790_000_000_000 + n * 1_000;

/** Builds the specification of a replay of everything to all subscriptions, as fast as possible. */
export const aSpec = (over: Partial<ReplaySpec> = {}): ReplaySpec => ({
  fromMs: timeOf(0),
  toMs: timeOf(1_000_000),
  types: [],
  filter: null,
  target: { kind: 'all' },
  asNew: false,
  holdLive: false,
  ratePerSecond: 1e6,
  ...over,
});

/** Called with each publish of the service, before it is made. */
export type Gate = (records: readonly OutgoingRecord[], publish: () => Promise<void>) => Promise<void>;

/** A log of events over the memory bus, and instances that carry out replays of it. */
export const replayWorld = async (...subscriptions: SubscriptionRecord[]) => {
  let acceptedMs = timeOf(0);
  let monotonicMs = 0;
  // Each look at the clock takes long enough for the next report, so that every batch is reported.
  const clock: Clock = {
    ...systemClock,
    nowMs: () => acceptedMs,
    monotonicMs: () => (monotonicMs += 600),
  };
  const bus = createMemoryBus({ clock });
  onTestFinished(async () => bus.close());
  const producer = await bus.producer();
  const index = new MatchIndex(compileFilter);
  for (const subscription of subscriptions) index.put(subscription);

  const publish = async (n: number, event: EventAccepted, { partition = 0, atMs = timeOf(n) } = {}) => {
    acceptedMs = atMs;
    const record = { topic: topics.events, partition, ...encodeEvent(event, { isRepeatable: true }) };
    const { offset } = await producer.publish(record);
    // As if live fan-out had processed it.
    bus.commits('tidings-fanout').set(`${topics.events.name} ${partition}`, Number(offset) + 1);
  };

  const startInstance = async (gate: Gate = async (_, publish) => publish()) => {
    const gated: Pick<Producer, 'publish' | 'publishAll' | 'whenWritable'> = {
      publish: async (record) => {
        const [position] = await gated.publishAll([record]);
        if (position === undefined) throw new Error('no position');
        return position;
      },
      publishAll: async (records) => {
        let positions: Awaited<ReturnType<Producer['publishAll']>> = [];
        await gate(records, async () => {
          positions = await producer.publishAll(records);
        });
        return positions;
      },
      whenWritable: async () => {},
    };
    const erasures = await openErasures(bus, 'fanout');
    onTestFinished(async () => erasures.close());
    await erasures.ready();
    const replays = await openReplays({
      dedupeWindowMs: 600_000,
      bus,
      erasures,
      producer: gated,
      index,
      compileFilter,
      loadData: async () => ({ ok: false, detail: 'there is no object storage' }),
      maxDataBytes: 1_000_000,
      sharedPace: new Pace(1e6),
      metrics: { replays: { collect: () => {} }, replayed: { inc: () => {} } } as never,
      clock,
      logger: silentLogger,
    });
    onTestFinished(async () => replays.close());
    return replays;
  };

  const order = async (spec: ReplaySpec, over: Partial<JobOrdered<'replay'>> = {}) => {
    const record: JobOrdered<'replay'> = {
      type: 'JobOrdered.v1',
      jobId,
      kind: 'replay',
      workspaceId: workspaceId('ws_demo'),
      ownerId: null,
      requestedBy: 'key_1',
      spec,
      desired: 'running',
      revision: 1,
      createdAtMs: timeOf(2_000_000),
      ...over,
    };
    const partition = jobPartition(record.jobId);
    await producer.publish({ topic: topics.jobs, partition, ...encodeJobRecord(record) });
  };

  const instructions = () => bus.records(topics.deliveries).map(decodeInstruction);
  const commands = () => instructions().flatMap((one) => (isLiveHoldChanged(one) ? [] : [one.state]));

  return {
    bus,
    producer,
    index,
    publish,
    startInstance,
    order,
    commands,
    /** Returns the commands of a replay and the changes of its hold, each in one word, in the order of the log. */
    steps: () => instructions().map((one) => (isLiveHoldChanged(one) ? one.state : 'command')),
    /** Returns the newest progress of a job. */
    progress: (id = jobId): JobProgressed | undefined =>
      bus
        .records(topics.jobs)
        .map((record) => decodeJobRecord(record))
        .filter((record) => record.type === 'JobProgressed.v1')
        .findLast((record) => record.jobId === id),
    /** Records an attempt as delivery would, at the time of the newest event. */
    attempt: async (record: AttemptRecorded) => {
      await producer.publish({ topic: topics.attempts, ...encodeAttempt(record, null) });
    },
    setTime: (ms: number) => {
      acceptedMs = ms;
    },
    deliveryIds: (): DeliveryId[] => commands().map(({ deliveryId }: DeliveryState) => deliveryId),
  };
};
