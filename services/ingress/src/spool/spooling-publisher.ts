import { encodeEvent, type WebhookReceived } from '@tidings/contracts';
import { isTransient, measureRecord, type Producer } from '@tidings/kafka';
import { type Clock, messageOf } from '@tidings/runtime';
import { inOwnSpan, recordSends, recordSpooled } from '../adapters/trace-sends.ts';
import type { StampedEvent } from '../domain/stamp-event.ts';
import type { PublishEvents } from '../ports.ts';
import { orderOf, outgoingOf, type SpooledRecord } from './domain/spooled-record.ts';
import { type Lane, laneOf } from './lanes.ts';
import type { Spool } from './spool.ts';

/** Options of the publisher. `patienceMs`: how long events that may be spooled wait for the log. */
export type SpoolingPublisherOptions = Readonly<{
  /** Publishes events that may not be spooled. */
  publish: PublishEvents;
  producer: Pick<Producer, 'publishAll'>;
  spool: Pick<Spool, 'holds' | 'append'>;
  patienceMs: number;
  clock: Clock;
}>;

/**
 * The publish port over the log and a spool. Events of an order that the spool holds go behind it, whoever publishes
 * them. Others that may be spooled go to the log, and to the spool if it does not acknowledge them in time; from then on
 * those of their lanes go there at once, until the log has acknowledged something of the lane.
 */
export class SpoolingPublisher {
  readonly #options: SpoolingPublisherOptions;
  /** Lanes that have records in the spool because the log did not acknowledge. */
  readonly #away = new Set<Lane>();

  constructor(options: SpoolingPublisherOptions) {
    this.#options = options;
  }

  /** Notes that the log has taken something of a lane that was in the spool. */
  acknowledged(lane: Lane): void {
    this.#away.delete(lane);
  }

  readonly publish: PublishEvents = async (events, options) => {
    const { publish, spool, clock } = this.#options;
    const isHeld = events.some(({ event }) => spool.holds(orderOf(event)));
    if (!isHeld && !options.maySpool) return publish(events, options);
    const timestampMs = clock.nowMs();
    const records = events.map((stamped) => recordOf(stamped, timestampMs));
    const lanes = [...new Set(records.map(laneOf))];
    const mayBeThere = !isHeld && !lanes.some((lane) => this.#away.has(lane));
    const fault = mayBeThere ? await this.#publish(records, options.deadlineMs) : 'an earlier event waits';
    if (fault === null) return 'log';
    // Before they are in the spool: once they are, they may be drained at any time.
    if (mayBeThere) for (const lane of lanes) this.#away.add(lane);
    // What the producer has seen it has measured: the log must not refuse it later.
    else for (const record of records) measureRecord(outgoingOf(record));
    const startMs = clock.nowMs();
    const written = records.map(inOwnSpan);
    try {
      await spool.append(withFact(written, options.spooledFact?.(timestampMs)), fault);
      recordSpooled({ given: records, written, startMs });
    } catch (error) {
      // The next one asks the log again: nothing in the spool may be there to tell that it is back.
      for (const lane of lanes) this.#away.delete(lane);
      throw error;
    }
    return 'spool';
  };

  /** Returns null when the log has the records, or why they are not acknowledged. */
  async #publish(records: readonly SpooledRecord[], deadlineMs = Infinity): Promise<string | null> {
    const { producer, patienceMs, clock } = this.#options;
    const startMs = clock.nowMs();
    const written = records.map(inOwnSpan);
    const sends = { given: records, written, startMs };
    try {
      await producer.publishAll(written.map(outgoingOf), { deadlineMs: Math.min(patienceMs, deadlineMs) });
      recordSends(sends);
      return null;
    } catch (error) {
      recordSends({ ...sends, error: isTransient(error) ? 'unavailable' : 'failed' });
      if (!isTransient(error)) throw error;
      return messageOf(error);
    }
  }
}

/** Returns a record with a key in any case: a copy that the log may have is then in the same partition, and recognised. */
function recordOf({ event }: StampedEvent, timestampMs: number): SpooledRecord {
  const { key, headers } = encodeEvent(event, { isRepeatable: true });
  return { key, headers, value: event.data, timestampMs };
}

const withFact = (
  records: readonly SpooledRecord[],
  fact: WebhookReceived | undefined,
): readonly SpooledRecord[] =>
  fact === undefined ? records : records.map((record, at) => (at === 0 ? { ...record, fact } : record));
