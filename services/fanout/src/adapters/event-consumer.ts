import { setImmediate as nextTurn } from 'node:timers/promises';
import { consumerGroups, encodeDelivery, encodeEventReceived, topics } from '@tidings/contracts';
import {
  type Assignment,
  type Bus,
  type OutgoingRecord,
  type PartitionRunner,
  type Producer,
  toDeadLetter,
  type WorkBatch,
  type WorkItem,
} from '@tidings/kafka';
import { AppError, type Clock, messageOf } from '@tidings/runtime';
import { type DedupeWindows, hasProvidersId } from '../domain/dedupe-windows.ts';
import type { FanOut } from '../handle-event-accepted.ts';
import type { LoggedEvent } from '../ports.ts';
import type { FannedOut } from '../record-fan-out.ts';
import { toLoggedEvent } from './event-log.ts';
import { notFilteredRecords } from './not-filtered-records.ts';

/** The consumer group of all fan-out instances. */
export const eventGroup = consumerGroups.fanout;

/**
 * Dependencies of the consumer. `handle` decides on an event; `refill` restores the
 * window of a partition before its first record.
 */
export type EventConsumerOptions = Readonly<{
  bus: Pick<Bus, 'runPartitions'>;
  producer: Pick<Producer, 'publishAll' | 'whenWritable'>;
  clock: Clock;
  handle: (event: LoggedEvent, windows: DedupeWindows) => FanOut;
  /** Returns an event whose data are in the object storage with them, if matching it evaluates them. */
  load: (event: LoggedEvent) => Promise<LoggedEvent>;
  refill: (assignment: Assignment) => Promise<DedupeWindows>;
  onFannedOut: (fannedOut: FannedOut) => void;
  maxPendingPerPartition: number;
  /** Minimum time between two fetches: events that arrive in between are batched. */
  lingerMs: number;
}>;

type Unit = Readonly<{ item: WorkItem<LoggedEvent>; result: FanOut; startMs: number }>;
/** Records for one publish, and the events whose last record is among them or in an earlier chunk. */
type Chunk = Readonly<{ units: readonly Unit[]; records: readonly OutgoingRecord[] }>;
/** The result of a publish, as a value: a promise that rejects before it is awaited would end the process. */
type Ack = Readonly<{ error?: unknown }>;

/** Returns the record by which a repeat of the event is recognised after a restart. */
const receivedIdOf = ({ message: { event, offset, timestampMs }, record }: Unit['item']): OutgoingRecord => ({
  topic: topics.receivedIds,
  partition: record.partition,
  ...encodeEventReceived({ type: 'EventReceived.v1', eventId: event.id, offset, atMs: timestampMs }),
});

/** Maximum records that are made and published, and events that are matched, per iteration of the event loop. */
const maxRecordsPerPublish = 500;
const maxEventsPerTurn = 100;

/**
 * Converts batches of events to commands. Publishes of a partition are made in offset order, and the producer
 * keeps one send in flight per partition, in that order: two events of one partition never overtake each
 * other on their way to a subscription. Offsets are done after the acknowledgement.
 */
export class EventConsumer {
  readonly #options: EventConsumerOptions;
  readonly #windows = new Map<number, DedupeWindows>();

  constructor(options: EventConsumerOptions) {
    this.#options = options;
  }

  /** Number of events in the windows of all partitions. */
  get remembered(): number {
    let remembered = 0;
    for (const windows of this.#windows.values()) remembered += windows.size;
    return remembered;
  }

  async run(): Promise<PartitionRunner> {
    const { bus, refill, maxPendingPerPartition, lingerMs } = this.#options;
    return bus.runPartitions<LoggedEvent>({
      group: eventGroup,
      topics: [topics.events],
      decode: toLoggedEvent,
      maxPendingPerPartition,
      fetchIntervalMs: lingerMs,
      onAssigned: async (assignment) => {
        this.#windows.set(assignment.partition, await refill(assignment));
      },
      onRevoked: ({ partition }) => void this.#windows.delete(partition),
      onBatch: async (batch) => this.#fanOut(batch),
    });
  }

  // The consumer group passes on the next batch of this partition when this one is acknowledged, and limits
  // fetches by the pending records. A rejection restarts the partition from its committed offset.
  async #fanOut({ partition, items }: WorkBatch<LoggedEvent>): Promise<void> {
    const windows = this.#windows.get(partition);
    if (windows === undefined) throw new Error(`partition ${partition} has no deduplication window`);
    let acknowledged: Promise<Ack> = Promise.resolve({});
    let isFirst = true;
    for await (const chunk of this.#chunksOf(items, windows)) {
      if (!isFirst) await nextTurn();
      isFirst = false;
      acknowledged = this.#settle(chunk, await this.#publish(chunk.records), acknowledged);
    }
    const { error } = await acknowledged;
    if (error === undefined) return;
    const message = `commands of partition ${partition} were not acknowledged: ${messageOf(error)}`;
    throw new AppError({ code: 'unavailable', message, cause: error });
  }

  async *#chunksOf(items: readonly WorkItem<LoggedEvent>[], windows: DedupeWindows): AsyncGenerator<Chunk> {
    let units: Unit[] = [];
    let records: OutgoingRecord[] = [];
    for (const item of items) {
      const { load, handle, clock } = this.#options;
      const startMs = clock.nowMs();
      const { message } = item;
      const result = handle(message.event.large === undefined ? message : await load(message), windows);
      for (const record of this.#recordsOf({ item, result, startMs })) {
        if (records.length >= maxRecordsPerPublish) {
          yield { units, records };
          units = [];
          records = [];
        }
        records.push(record);
      }
      units.push({ item, result, startMs });
      if (units.length < maxEventsPerTurn && records.length < maxRecordsPerPublish) continue;
      yield { units, records };
      units = [];
      records = [];
    }
    if (units.length > 0) yield { units, records };
  }

  /** Makes the records of an event as they are taken, so that other work has a turn between those of a large fan-out. */
  *#recordsOf({ item, result }: Unit): Generator<OutgoingRecord> {
    if (result.outcome === 'fanned-out') {
      for (const subscription of result.matched)
        yield { topic: topics.deliveries, ...encodeDelivery(result.request(subscription)) };
      for (const subscription of result.notFiltered)
        yield* notFilteredRecords(result.request(subscription), this.#options.clock.nowMs());
    } else if (result.outcome === 'poison') yield this.#deadLetter(item, result);
    if (hasProvidersId(item.message.event) && result.outcome !== 'repeat') yield receivedIdOf(item);
  }

  #deadLetter({ record }: Unit['item'], { reason, detail }: Extract<FanOut, { outcome: 'poison' }>) {
    const recordedAtMs = this.#options.clock.nowMs();
    return toDeadLetter(record, { reason, detail, recordedAtMs, group: eventGroup });
  }

  /** Passes records to the producer once there is room. Resolves with the result of the publish to come. */
  async #publish(records: readonly OutgoingRecord[]): Promise<Readonly<{ ack: Promise<Ack> }>> {
    const { producer } = this.#options;
    if (records.length === 0) return { ack: Promise.resolve({}) };
    await producer.whenWritable();
    const ack = producer.publishAll(records).then(
      () => ({}),
      (error: unknown) => ({ error }),
    );
    return { ack };
  }

  // The records of an event may be spread over chunks, and it is done in the last of them: each waits for those before.
  async #settle(
    { units }: Chunk,
    { ack }: Readonly<{ ack: Promise<Ack> }>,
    before: Promise<Ack>,
  ): Promise<Ack> {
    const { clock, onFannedOut } = this.#options;
    const failed = (await Promise.all([before, ack])).find(({ error }) => error !== undefined);
    if (failed !== undefined) return failed;
    const nowMs = clock.nowMs();
    for (const { item, result, startMs } of units) {
      item.done();
      const { message: logged, record } = item;
      const times = { ageMs: nowMs - record.timestampMs, startMs, endMs: nowMs };
      onFannedOut({ logged, partition: record.partition, result, ...times });
    }
    return {};
  }
}
