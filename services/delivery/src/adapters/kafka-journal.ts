import {
  type DeliveryState,
  encodeAttempt,
  encodeDeadLetter,
  encodeDelivery,
  type Rung,
  topics,
} from '@tidings/contracts';
import type { OutgoingRecord, Producer, RecordPosition } from '@tidings/kafka';
import type { Clock } from '@tidings/runtime';
import { endingOf } from '../domain/finished-attempts.ts';
import type { Job } from '../domain/in-flight.ts';
import type { Resolution } from '../domain/resolution.ts';
import type { Journal } from '../ports.ts';
import { changelogRecord } from './ordering-changelog.ts';

// The head of an ordered queue waits in the changelog, whatever its delay: on the ladder it would lose its place.
const nextCommand = (state: DeliveryState, rung: Rung, { command, entry }: Job): OutgoingRecord =>
  entry === null
    ? { topic: rung.topic, ...encodeDelivery({ ...command, state }) }
    : changelogRecord(entry, { state, body: command.body });

const followUpRecord = ({ followUp }: Resolution, job: Job, nowMs: number): OutgoingRecord | null => {
  switch (followUp.kind) {
    case 'none':
      return null;
    case 'command':
      return nextCommand(followUp.state, followUp.rung, job);
    case 'dead-letter': {
      const { body, traceparent } = job.command;
      const { reason, state } = followUp;
      const deadLetter = { type: 'DeliveryDeadLettered.v1', reason, recordedAtMs: nowMs, state } as const;
      return { topic: topics.deadLetters, ...encodeDeadLetter(deadLetter, body, traceparent) };
    }
  }
};

const attemptRecord = ({ attemptEvent }: Resolution, { command }: Job): OutgoingRecord | null =>
  attemptEvent === null
    ? null
    : { topic: topics.attempts, ...encodeAttempt(attemptEvent, command.traceparent) };

const changelogOffsetOf = (positions: readonly RecordPosition[]): bigint | null =>
  positions.find(({ topic }) => topic === topics.orderingChangelog.name)?.offset ?? null;

export type JournalOptions = Readonly<{
  producer: Producer;
  clock: Clock;
  /**
   * Maximum time that records of sent requests wait for others of their batch. Deferrals
   * wait ten times as long. 0 disables batching.
   */
  lingerMs: number;
}>;

// After a crash, requests that were sent but not recorded are repeated. Under load,
// batching must not increase their number.
const maxResultsPerBatch = 16;
// A deferral sends no request: a crash repeats none, and a delay of a fraction of a second is harmless.
const deferralFactor = 10;
const maxDeferralsPerBatch = 256;

/** Returns a function that resolves for all waiting callers at once: after `lingerMs`, or when `most` of them wait. */
const createLinger = (clock: Clock, lingerMs: number, most: number): (() => Promise<void>) => {
  let batch: Promise<void> | undefined;
  let waiting = 0;
  let go: () => void = () => {};
  return async () => {
    waiting += 1;
    batch ??= new Promise((resolve) => {
      const cancel = clock.setTimer(() => go(), lingerMs);
      go = () => {
        cancel();
        batch = undefined;
        waiting = 0;
        resolve();
      };
    });
    const mine = batch;
    if (waiting >= most) go();
    await mine;
  };
};

const isDeferral = ({ followUp }: Resolution, { command }: Job): boolean =>
  followUp.kind === 'command' && followUp.state.deferrals > command.state.deferrals;

/**
 * Creates the journal over Kafka. The follow-up is acknowledged before the attempt event is written: an
 * attempt event in the log means "finished" to a process that restores its memory from there. In the other
 * order, a crash between the two writes would drop a command whose next attempt was never written. A send
 * of both is not atomic across partitions.
 */
export const createKafkaJournal = ({ producer, clock, lingerMs }: JournalOptions): Journal => {
  const isLingering = lingerMs > 0;
  const lingerForResults = createLinger(clock, lingerMs, maxResultsPerBatch);
  const lingerForDeferrals = createLinger(clock, lingerMs * deferralFactor, maxDeferralsPerBatch);
  return {
    write: async (resolution, job) => {
      const next = followUpRecord(resolution, job, clock.nowMs());
      const record = attemptRecord(resolution, job);
      // Sending one record alone costs as much CPU as sending twenty at once. Commands of ordered queues do
      // not linger: the next one in the queue waits for the record.
      if (isLingering && job.entry === null && (next ?? record) !== null) {
        await (isDeferral(resolution, job) ? lingerForDeferrals() : lingerForResults());
      }
      const isEnding = resolution.attemptEvent !== null && endingOf(resolution.attemptEvent) !== null;
      if (next !== null && record !== null && !isEnding) {
        // An attempt event that does not end its attempt may be sent together with the command.
        return changelogOffsetOf(await producer.publishAll([next, record]));
      }
      const position = next === null ? null : await producer.publish(next);
      if (record !== null) await producer.publish(record);
      return position === null ? null : changelogOffsetOf([position]);
    },
    writeAttemptEvent: async (resolution, job) => {
      const record = attemptRecord(resolution, job);
      if (record !== null) await producer.publish(record);
    },
  };
};
