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

// The head of a line waits in the changelog, whatever its time: on the ladder its line would lose it.
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
  positions.find(({ topic }) => topic === topics.holds.name)?.offset ?? null;

export type JournalOptions = Readonly<{
  producer: Producer;
  clock: Clock;
  /** How long the record of a request may wait for others that go with it, ten times that what was put aside; 0: they go at once. */
  lingerMs: number;
}>;

// A crash repeats what was sent and is not recorded: in a flood that shall not be more than without gathering.
const maxResultsPerBatch = 16;
// Of what is put aside for seconds nothing was sent: a crash repeats no request, and nobody waits for a fraction of a second.
const deferralFactor = 10;
const maxDeferralsPerBatch = 256;

/** A turn to write that many share: it comes after `lingerMs`, or when `most` wait for it. */
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
 * The journal in Kafka. What follows an attempt is acknowledged before its fact is written: a fact in the log means
 * "finished" to whoever refills its memory from there, and a crash between the two in the other order would then drop
 * the command whose next attempt was never written. A send of both is not atomic over partitions.
 */
export const createKafkaJournal = ({ producer, clock, lingerMs }: JournalOptions): Journal => {
  const isLingering = lingerMs > 0;
  const lingerForResults = createLinger(clock, lingerMs, maxResultsPerBatch);
  const lingerForDeferrals = createLinger(clock, lingerMs * deferralFactor, maxDeferralsPerBatch);
  return {
    write: async (resolution, job) => {
      const next = followUpRecord(resolution, job, clock.nowMs());
      const record = attemptRecord(resolution, job);
      // A lone send costs as much CPU as twenty records in one. Only the next of a line waits for a record.
      if (isLingering && job.entry === null && (next ?? record) !== null) {
        await (isDeferral(resolution, job) ? lingerForDeferrals() : lingerForResults());
      }
      const isEnding = resolution.attemptEvent !== null && endingOf(resolution.attemptEvent) !== null;
      if (next !== null && record !== null && !isEnding) {
        // A fact that ends nothing proves nothing: it may go with the command.
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
