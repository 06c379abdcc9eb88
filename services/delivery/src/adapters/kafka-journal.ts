import { encodeAttempt, encodeDeadLetter, encodeDelivery, topics } from '@tidings/contracts';
import type { OutgoingRecord, Producer } from '@tidings/kafka';
import type { Clock } from '@tidings/runtime';
import type { Journal } from '../ports.ts';

type Write = Parameters<Journal['write']>;

const recordsOf = ([{ fact, followUp }, { body, traceparent }]: Write, nowMs: number): OutgoingRecord[] => {
  const records: OutgoingRecord[] = [];
  if (fact !== null) records.push({ topic: topics.attempts, ...encodeAttempt(fact, traceparent) });
  if (followUp.kind === 'command') {
    const { state, rung } = followUp;
    records.push({ topic: rung.topic, ...encodeDelivery({ state, body, traceparent }) });
  }
  if (followUp.kind === 'dead-letter') {
    const { reason, state } = followUp;
    const letter = { type: 'DeliveryDeadLettered.v1', reason, recordedAtMs: nowMs, state } as const;
    records.push({ topic: topics.deadLetters, ...encodeDeadLetter(letter, body, traceparent) });
  }
  return records;
};

/** The journal in Kafka: the fact and what follows it leave in one send. */
export const createKafkaJournal = (producer: Producer, clock: Clock): Journal => ({
  write: async (verdict, command) => {
    const records = recordsOf([verdict, command], clock.nowMs());
    const [first] = records;
    if (records.length === 1 && first !== undefined) await producer.publish(first);
    else await producer.publishAll(records);
  },
});
