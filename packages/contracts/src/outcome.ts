/** Why an attempt failed. A closed list: partners see it, metrics count by it. No value carries an address. */
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

/** Why a delivery ended without an attempt. */
export const suppressionReasons = ['subscription-deleted', 'duplicate-command', 'discarded'] as const;

/** See {@link suppressionReasons}. */
export type SuppressionReason = (typeof suppressionReasons)[number];

/** Why a delivery waits although it is due. */
export const deferralReasons = ['breaker-open', 'queue-full', 'head-too-old', 'rate-limit', 'held'] as const;

/** See {@link deferralReasons}. */
export type DeferralReason = (typeof deferralReasons)[number];

/** Why something lies in dead-letters. */
export const deadLetterReasons = [
  'exhausted',
  'not-retried',
  'disabled',
  'backlog-full',
  'unknown-subscription',
  'idempotency-conflict',
  'undecodable',
] as const;

/** See {@link deadLetterReasons}. */
export type DeadLetterReason = (typeof deadLetterReasons)[number];

/** What made the command: a first try, a step of the schedule, a person, a replay job, a redriven dead letter or a test. */
export const triggers = ['event', 'retry', 'manual', 'replay', 'redrive', 'test'] as const;

/** See {@link triggers}. */
export type Trigger = (typeof triggers)[number];

/** How the request is written. `cloudevents` is the structured mode of its HTTP binding, `cloudevents-binary` the binary one. */
export const bodyFormats = ['standard', 'plain', 'cloudevents', 'cloudevents-binary'] as const;

/** See {@link bodyFormats}. */
export type BodyFormat = (typeof bodyFormats)[number];
