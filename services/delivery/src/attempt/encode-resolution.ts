import {
  type DeliveryState,
  encodeAttempt,
  encodeDeadLetter,
  encodeDelivery,
  type Rung,
  topics,
} from '@tidings/contracts';
import type { OutgoingRecord } from '@tidings/kafka';
import { changelogRecord } from '../adapters/ordering-changelog.ts';
import type { Job } from '../domain/in-flight-jobs.ts';
import type { Resolution } from '../domain/resolution.ts';

// The head of an ordered queue waits in the changelog, whatever its delay: on the ladder it would lose its place.
const nextCommand = (state: DeliveryState, rung: Rung, { command, entry }: Job): OutgoingRecord =>
  entry === null
    ? { topic: rung.topic, ...encodeDelivery({ ...command, state }) }
    : changelogRecord(entry, { state, body: command.body });

/** Encodes the record that replaces a job's command: its next command or a dead letter; null if nothing follows. */
export const encodeFollowUp = ({ followUp }: Resolution, job: Job, nowMs: number): OutgoingRecord | null => {
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

/** Encodes the attempt event of a resolution; null if it has none. */
export const encodeAttemptEvent = (
  { attemptEvent }: Resolution,
  { command, traceparent }: Job,
): OutgoingRecord | null =>
  attemptEvent === null
    ? null
    : { topic: topics.attempts, ...encodeAttempt(attemptEvent, traceparent ?? command.traceparent) };
