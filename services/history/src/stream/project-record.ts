import {
  type AttemptRecorded,
  decodeAttempt,
  decodeEvent,
  type EventAccepted,
  topics,
} from '@tidings/contracts';
import type { IncomingRecord } from '@tidings/kafka';
import type { Erased } from '../erasure/erasing-stores.ts';
import { SeenKeys } from './domain/seen-keys.ts';
import type { StreamMessage } from './domain/stream-message.ts';
import { messagesPerRecord, type TopicIndex } from './domain/stream-position.ts';
import { keyOfAttempt, messageOfEvent, messagesOfAttempt } from './messages-of-record.ts';

/** A message of a record, and the value of its partition after it. */
export type ProjectedMessage = Readonly<{ next: number; message: StreamMessage }>;

/** Returns the index of a record's topic. */
export const topicIndexOf = ({ topic }: Pick<IncomingRecord, 'topic'>): TopicIndex =>
  topic === topics.events.name ? 0 : 1;

/** Returns the value of a partition before an offset. */
export const valueAt = (topic: TopicIndex, offset: bigint | number): number =>
  Number(offset) * messagesPerRecord[topic];

/** Number of records of each topic whose repetitions are recognised: up to twice as many. */
const rememberedRecords = 25_000;

/** Turns records into messages, without those of repeated records, and without what is erased. */
export class RecordProjector {
  readonly #erasures: Erased;
  readonly #events = new SeenKeys(rememberedRecords);
  readonly #attempts = new SeenKeys(rememberedRecords);

  constructor(erasures: Erased) {
    this.#erasures = erasures;
  }

  /** Returns the messages of a record in order: none for a repeated one, or one that cannot be decoded. */
  project(record: IncomingRecord): readonly ProjectedMessage[] {
    const topic = topicIndexOf(record);
    const first = valueAt(topic, record.offset) + 1;
    if (topic === 0) {
      const message = this.#messageOfEvent(record);
      return message === null ? [] : [{ next: first, message }];
    }
    return this.#messagesOfAttempt(record).flatMap((message, index) =>
      message === null ? [] : [{ next: first + index, message }],
    );
  }

  /** Returns true if a message with this key was projected. */
  hasSeen({ key, kind }: StreamMessage): boolean {
    return (kind === 'event' ? this.#events : this.#attempts).has(key);
  }

  #messageOfEvent(record: IncomingRecord): StreamMessage | null {
    const event = decoded<EventAccepted>(() => decodeEvent(record));
    if (event === null || !this.#events.add(event.id)) return null;
    const { partition, offset, timestampMs } = record;
    const acceptedAtMs = Math.max(0, timestampMs);
    const isErased = this.#erasures.covers({ ...event, eventId: event.id, acceptedAtMs });
    return messageOfEvent(event, { partition, offset, acceptedAtMs, isErased });
  }

  #messagesOfAttempt(record: IncomingRecord): readonly (StreamMessage | null)[] {
    const attempt = decoded<AttemptRecorded>(() => decodeAttempt(record));
    if (attempt === null || this.#isRepeated(attempt)) return [];
    const [request, state] = messagesOfAttempt(attempt, this.#erasures.covers(attempt));
    const done = `done ${attempt.deliveryId}`;
    if (attempt.outcome.kind === 'delivered') this.#attempts.add(done);
    // `delivered` takes precedence over what a fork of the command recorded later, as in the read model.
    else if (this.#attempts.has(done)) return [request, null];
    return [request, state];
  }

  #isRepeated(attempt: AttemptRecorded): boolean {
    const isRecorded = !this.#attempts.add(keyOfAttempt(attempt));
    if (attempt.outcome.kind !== 'failed') return isRecorded;
    return isRecorded || this.#attempts.has(keyOfAttempt({ ...attempt, outcome: success }));
  }
}

const success = { kind: 'delivered', statusCode: 200, responseExcerpt: null } as const;

// Other readers of these topics dead-letter what they cannot decode.
function decoded<T>(decode: () => T): T | null {
  try {
    return decode();
  } catch {
    return null;
  }
}
