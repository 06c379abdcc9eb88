/**
 * Reasons for a failed attempt. A closed list: partners see it and metrics count by it. No value contains an address.
 */
export const failureReasons = [
  'http-status',
  'redirect',
  'gone',
  'rate-limited',
  'timeout',
  'dns',
  'refused',
  'reset',
  'tls',
  'protocol',
  'blocked-address',
  'invalid-url',
] as const;

/** See {@link failureReasons}. */
export type FailureReason = (typeof failureReasons)[number];

/** Reasons for which a delivery ended without an attempt. */
export const suppressionReasons = [
  'subscription-deleted',
  'duplicate-command',
  'discarded',
  'erased',
] as const;

/** See {@link suppressionReasons}. */
export type SuppressionReason = (typeof suppressionReasons)[number];

/** Reasons for which a delivery waits although it is due. */
export const deferralReasons = ['breaker-open', 'queue-full', 'head-too-old', 'rate-limit', 'held'] as const;

/** See {@link deferralReasons}. */
export type DeferralReason = (typeof deferralReasons)[number];

/** Reasons for which a record is in dead-letters. */
export const deadLetterReasons = [
  'exhausted',
  'not-retried',
  'disabled',
  'backlog-full',
  'unknown-subscription',
  'data-missing',
  'data-changed',
  'filter-limit',
  'idempotency-conflict',
  'undecodable',
] as const;

/** See {@link deadLetterReasons}. */
export type DeadLetterReason = (typeof deadLetterReasons)[number];

/** Origins of a command: a first try, the schedule, an operator, a replay job, a redriven dead letter or a test. */
export const triggers = ['event', 'retry', 'manual', 'replay', 'redrive', 'test'] as const;

/** See {@link triggers}. */
export type Trigger = (typeof triggers)[number];

/** Request formats. `cloudevents` is the structured mode of its HTTP binding, `cloudevents-binary` the binary mode. */
export const bodyFormats = ['standard', 'plain', 'cloudevents', 'cloudevents-binary'] as const;

/** See {@link bodyFormats}. */
export type BodyFormat = (typeof bodyFormats)[number];
