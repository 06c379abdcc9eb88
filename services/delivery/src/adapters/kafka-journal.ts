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
import { endingOf } from '../domain/finished-memory.ts';
import type { Job } from '../domain/job.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { Journal } from '../ports.ts';
import { entryRecord } from './kafka-holds.ts';

// The head of a line waits in the changelog, whatever its time: on the ladder its line would lose it.
const nextCommand = (state: DeliveryState, rung: Rung, { command, member }: Job): OutgoingRecord =>
  member === null
    ? { topic: rung.topic, ...encodeDelivery({ ...command, state }) }
    : entryRecord(member, { state, body: command.body });

const followUpRecord = ({ followUp }: Verdict, job: Job, nowMs: number): OutgoingRecord | null => {
  switch (followUp.kind) {
    case 'none':
      return null;
    case 'command':
      return nextCommand(followUp.state, followUp.rung, job);
    case 'dead-letter': {
      const { body, traceparent } = job.command;
      const { reason, state } = followUp;
      const letter = { type: 'DeliveryDeadLettered.v1', reason, recordedAtMs: nowMs, state } as const;
      return { topic: topics.deadLetters, ...encodeDeadLetter(letter, body, traceparent) };
    }
  }
};

const factRecord = ({ fact }: Verdict, { command }: Job): OutgoingRecord | null =>
  fact === null ? null : { topic: topics.attempts, ...encodeAttempt(fact, command.traceparent) };

const placeInHolds = (positions: readonly RecordPosition[]): bigint | null =>
  positions.find(({ topic }) => topic === topics.holds.name)?.offset ?? null;

/**
 * The journal in Kafka. What follows an attempt is acknowledged before its fact is written: a fact in the log means
 * "finished" to whoever refills its memory from there, and a crash between the two in the other order would then drop
 * the command whose next attempt was never written. A send of both is not atomic over partitions.
 */
export const createKafkaJournal = (producer: Producer, clock: Clock): Journal => ({
  write: async (verdict, job) => {
    const next = followUpRecord(verdict, job, clock.nowMs());
    const record = factRecord(verdict, job);
    const isEnding = verdict.fact !== null && endingOf(verdict.fact) !== null;
    if (next !== null && record !== null && !isEnding) {
      // A fact that ends nothing proves nothing: it may go with the command.
      return placeInHolds(await producer.publishAll([next, record]));
    }
    const position = next === null ? null : await producer.publish(next);
    if (record !== null) await producer.publish(record);
    return position === null ? null : placeInHolds([position]);
  },
  writeFact: async (verdict, job) => {
    const record = factRecord(verdict, job);
    if (record !== null) await producer.publish(record);
  },
});
