import {
  type DeliveryRequested,
  encodeAttempt,
  encodeDeadLetter,
  encodeDelivery,
  topics,
} from '@tidings/contracts';
import type { OutgoingRecord, Producer } from '@tidings/kafka';
import type { Clock } from '@tidings/runtime';
import { endingOf } from '../domain/finished-memory.ts';
import type { Verdict } from '../domain/verdict.ts';
import type { Journal } from '../ports.ts';

const followUpRecord = (
  { followUp }: Verdict,
  { body, traceparent }: DeliveryRequested,
  nowMs: number,
): OutgoingRecord | null => {
  switch (followUp.kind) {
    case 'none':
      return null;
    case 'command':
      return {
        topic: followUp.rung.topic,
        ...encodeDelivery({ state: followUp.state, body, traceparent }),
      };
    case 'dead-letter': {
      const { reason, state } = followUp;
      const letter = { type: 'DeliveryDeadLettered.v1', reason, recordedAtMs: nowMs, state } as const;
      return { topic: topics.deadLetters, ...encodeDeadLetter(letter, body, traceparent) };
    }
  }
};

/**
 * The journal in Kafka. What follows an attempt is acknowledged before its fact is written: a fact in the log means
 * "finished" to whoever refills its memory from there, and a crash between the two in the other order would then drop
 * the command whose next attempt was never written. A send of both is not atomic over partitions.
 */
export const createKafkaJournal = (producer: Producer, clock: Clock): Journal => ({
  write: async (verdict, command) => {
    const next = followUpRecord(verdict, command, clock.nowMs());
    const { fact } = verdict;
    const record =
      fact === null ? null : { topic: topics.attempts, ...encodeAttempt(fact, command.traceparent) };
    const isEnding = fact !== null && endingOf(fact) !== null;
    if (next !== null && record !== null && !isEnding) {
      // A fact that ends nothing proves nothing: it may go with the command.
      await producer.publishAll([next, record]);
      return;
    }
    if (next !== null) await producer.publish(next);
    if (record !== null) await producer.publish(record);
  },
});
