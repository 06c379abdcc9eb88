import { AppError } from '@tidings/runtime';
import kafkajs from 'kafkajs';
import { withTlsRemedy } from './tls-problem.ts';

// A response about several topics or groups is one error that lists their errors.
function* causesOf(thrown: unknown): Generator<Error> {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    yield error;
    if (!('errors' in error) || !Array.isArray(error.errors)) continue;
    for (const part of error.errors) yield* causesOf(part);
  }
}

const protocolTypeOf = (error: Error): string | undefined =>
  error instanceof kafkajs.KafkaJSProtocolError ? error.type : undefined;

// The broker refuses the records themselves, and would refuse them again.
const rejectedTypes = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
]);

/**
 * Returns true if a send failed because of its content. Every other cause (brokers unavailable, a missing topic or
 * permission) can pass, so the send is repeated until it succeeds: to give up would lose records the caller relies on.
 */
export function isRejection(thrown: unknown): boolean {
  for (const error of causesOf(thrown)) if (rejectedTypes.has(protocolTypeOf(error) ?? '')) return true;
  return false;
}

/** Returns true if the log does not have the offset that was requested. */
export function isOutOfRange(thrown: unknown): boolean {
  for (const error of causesOf(thrown)) if (protocolTypeOf(error) === 'OFFSET_OUT_OF_RANGE') return true;
  return false;
}

// A commit or heartbeat of a past generation: the next join resolves it.
const superseded = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'NOT_COORDINATOR_FOR_GROUP',
]);

/** Returns true if the group has moved to another generation, which is not a failure. */
export function isSuperseded(thrown: unknown): boolean {
  for (const error of causesOf(thrown)) if (superseded.has(protocolTypeOf(error) ?? '')) return true;
  return false;
}

/** Returns the name of the protocol error, else the message: the `detail` of an error in a log line. */
export function detailOf(thrown: unknown): string {
  for (const error of causesOf(thrown)) {
    const type = protocolTypeOf(error);
    if (type !== undefined) return type;
  }
  return withTlsRemedy(thrown instanceof Error ? thrown.message : String(thrown));
}

/** Returns the error for callers that publish to a closed producer, or wait for one that closes. */
export const closedError = (): AppError =>
  new AppError({
    code: 'closed',
    message: 'the producer is closed; what was not acknowledged may be in the log',
  });

/** Returns true if a publish failed because its producer is closed. */
export const isClosed = (thrown: unknown): boolean => thrown instanceof AppError && thrown.code === 'closed';

/** Returns true if the failure can pass: a retryable error, or a closed producer that a new one replaces. */
export const isTransient = (thrown: unknown): boolean =>
  isClosed(thrown) || (thrown instanceof AppError && thrown.retryable);
