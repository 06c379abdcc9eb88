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
import type { Verdict } from '../domain/resolution.ts';
import type { Journal } from '../ports.ts';
import { entryRecord } from './ordering-changelog.ts';

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

export type JournalOptions = Readonly<{
  producer: Producer;
  clock: Clock;
  /** How long the record of a request may wait for others that go with it, ten times that what was put aside; 0: they go at once. */
  gatherMs: number;
}>;

// A crash repeats what was sent and is not recorded: in a flood that shall not be more than without gathering.
const maxRequestsGathered = 16;
// Of what is put aside for seconds nothing was sent: a crash repeats no request, and nobody waits for a fraction of a second.
const putAsideTimes = 10;
const maxPutAsideGathered = 256;

/** A turn to write that many share: it comes after `gatherMs`, or when `most` wait for it. */
const createGathering = (clock: Clock, gatherMs: number, most: number): (() => Promise<void>) => {
  let turn: Promise<void> | undefined;
  let waiting = 0;
  let go: () => void = () => {};
  return async () => {
    waiting += 1;
    turn ??= new Promise((resolve) => {
      const cancel = clock.setTimer(() => go(), gatherMs);
      go = () => {
        cancel();
        turn = undefined;
        waiting = 0;
        resolve();
      };
    });
    const mine = turn;
    if (waiting >= most) go();
    await mine;
  };
};

const isPutAside = ({ followUp }: Verdict, { command }: Job): boolean =>
  followUp.kind === 'command' && followUp.state.deferrals > command.state.deferrals;

/**
 * The journal in Kafka. What follows an attempt is acknowledged before its fact is written: a fact in the log means
 * "finished" to whoever refills its memory from there, and a crash between the two in the other order would then drop
 * the command whose next attempt was never written. A send of both is not atomic over partitions.
 */
export const createKafkaJournal = ({ producer, clock, gatherMs }: JournalOptions): Journal => {
  const isGathering = gatherMs > 0;
  const meetRequests = createGathering(clock, gatherMs, maxRequestsGathered);
  const meetPutAside = createGathering(clock, gatherMs * putAsideTimes, maxPutAsideGathered);
  return {
    write: async (verdict, job) => {
      const next = followUpRecord(verdict, job, clock.nowMs());
      const record = factRecord(verdict, job);
      // A lone send costs as much CPU as twenty records in one. Only the next of a line waits for a record.
      if (isGathering && job.member === null && (next ?? record) !== null) {
        await (isPutAside(verdict, job) ? meetPutAside() : meetRequests());
      }
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
  };
};
