import kafkajs from 'kafkajs';

// An answer about several topics or groups is one error that lists theirs.
function* causesOf(thrown: unknown): Generator<Error> {
  for (let error = thrown; error instanceof Error; error = error.cause) {
    yield error;
    if (!('errors' in error) || !Array.isArray(error.errors)) continue;
    for (const part of error.errors) yield* causesOf(part);
  }
}

const protocolTypeOf = (error: Error): string | undefined =>
  error instanceof kafkajs.KafkaJSProtocolError ? error.type : undefined;

// The broker refuses the records themselves; sent again they are refused again.
const rejectedTypes = new Set([
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
  'INVALID_RECORD',
  'INVALID_TIMESTAMP',
]);

/**
 * Whether a send failed because of what is in it. Everything else (brokers away, a missing topic, a missing right) can
 * pass, so it is repeated until it does: giving up would lose what the caller was promised.
 */
export function isRejection(thrown: unknown): boolean {
  for (const error of causesOf(thrown)) if (rejectedTypes.has(protocolTypeOf(error) ?? '')) return true;
  return false;
}

// A commit or heartbeat of a generation that has passed: the next join settles it.
const superseded = new Set([
  'REBALANCE_IN_PROGRESS',
  'ILLEGAL_GENERATION',
  'UNKNOWN_MEMBER_ID',
  'NOT_COORDINATOR_FOR_GROUP',
]);

/** Whether the group has moved on to another generation, which is no fault. */
export function isSuperseded(thrown: unknown): boolean {
  for (const error of causesOf(thrown)) if (superseded.has(protocolTypeOf(error) ?? '')) return true;
  return false;
}

/** The protocol error's name, else the message: one short text for logs. */
export function reasonOf(thrown: unknown): string {
  for (const error of causesOf(thrown)) {
    const type = protocolTypeOf(error);
    if (type !== undefined) return type;
  }
  return thrown instanceof Error ? thrown.message : String(thrown);
}
