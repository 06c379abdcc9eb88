export type {
  AccessRecord,
  AccessScope,
  ApiKeyRecord,
  ConsumerRecord,
  EventTypePolicy,
  NoticeStyle,
  TokenKeyRecord,
  WorkspaceRecord,
} from './access.ts';
export {
  accessKeyOf,
  accessKeyPrefixes,
  accessScopes,
  consumerScopes,
  decodeAccess,
  encodeAccess,
  eventTypePolicies,
  noticeStyles,
  retentionDays,
} from './access.ts';
export type { AttemptEnd, AttemptOutcome, AttemptRecorded, NextStep } from './attempt.ts';
export { attemptId, decodeAttempt, encodeAttempt } from './attempt.ts';
export type { AttemptExchange, RecordedPhases, ShortExchange } from './attempt-exchange.ts';
export {
  derivedRequestHeaders,
  exchangeText,
  parseExchange,
  shortExchangeText,
} from './attempt-exchange.ts';
export type { AuditRecorded } from './audit.ts';
export { decodeAudit, encodeAudit } from './audit.ts';
export type { BreakerOpened } from './breaker.ts';
export { decodeBreakerOpened, encodeBreakerClosed, encodeBreakerOpened } from './breaker.ts';
export { consumerGroups } from './consumer-groups.ts';
export type {
  DeadLetter,
  DeadLetterRef,
  DeadLetterSettled,
  DeliveryDeadLettered,
  RecordOrigin,
  RecordPoisoned,
} from './dead-letter.ts';
export {
  deadLetterIdOf,
  deadLetterRefOf,
  decodeDeadLetter,
  decodeDeadLetterFact,
  encodeDeadLetter,
  encodePoison,
  encodeSettled,
  poisonedEventOf,
} from './dead-letter.ts';
export type { AttemptSummary, DeliveryRequested, DeliveryState } from './delivery-command.ts';
export { decodeDelivery, encodeDelivery } from './delivery-command.ts';
export { ErasedData, type ErasureSubject } from './erased-data.ts';
export type { DataErased, ErasureScope } from './erasure.ts';
export { decodeErasure, encodeErasure } from './erasure.ts';
export type { EventAccepted } from './event.ts';
export { decodeEvent, encodeEvent } from './event.ts';
export type {
  EventTypeAudience,
  EventTypeRecord,
  EventTypeState,
  SchemaMode,
} from './event-type.ts';
export {
  decodeEventType,
  encodeEventType,
  eventTypeAudiences,
  eventTypeKey,
  eventTypeStates,
  schemaModes,
} from './event-type.ts';
export {
  eventTypeNameMaxLength,
  eventTypeNamePattern,
  isEventPattern,
  isEventTypeName,
  isReservedEventType,
} from './event-type-name.ts';
export type { HeaderFields } from './header-fields.ts';
export { headerText } from './header-fields.ts';
export {
  callerTextRule,
  consumerIdRule,
  patternRules,
  workspaceIdPattern,
  workspaceIdRule,
} from './id-rules.ts';
export type {
  ConsumerId,
  DeadLetterId,
  DeliveryId,
  EventId,
  SubscriptionId,
  WorkspaceId,
} from './ids.ts';
export {
  consumerId,
  deadLetterId,
  deliveryId,
  deriveDeliveryId,
  deriveEventId,
  deriveReplayDeliveryId,
  eventId,
  isEventId,
  newEventId,
  newKeyId,
  newSubscriptionId,
  subscriptionId,
  workspaceId,
} from './ids.ts';
export type {
  DesiredJobState,
  JobOrdered,
  JobProgressed,
  JobRecord,
  JobState,
  OrderedJobKind,
  OrderedJobSpecs,
  ReplaySpec,
  ReplayTarget,
} from './job.ts';
export {
  decodeJobRecord,
  desiredJobStates,
  encodeJobRecord,
  jobPartition,
  jobRecordKey,
  jobStates,
} from './job.ts';
export type { KeyUsed } from './key-usage.ts';
export { decodeKeyUsed, encodeKeyUsed } from './key-usage.ts';
export type { DeliveryInstruction, LiveHeld, LiveHoldChanged } from './live-hold.ts';
export {
  decodeInstruction,
  decodeLiveHeld,
  encodeLiveHeld,
  encodeLiveHoldChanged,
  isLiveHeldKey,
  isLiveHoldChanged,
  liveHeldKey,
} from './live-hold.ts';
export { isOwnRequest, loopHeaderName } from './loop-header.ts';
export type {
  DisableCause,
  ExportEvent,
  HealthEvent,
  LastFailure,
  OperationalEvent,
  OperationalEventType,
} from './operational-event.ts';
export {
  disableCauses,
  encodeOperationalEvent,
  operationalEventIdOf,
  operationalEventTypes,
} from './operational-event.ts';
export type { OrderingEntry } from './ordering-entry.ts';
export { decodeOrderingEntry, encodeOrderingEntry, orderingEntryKey } from './ordering-entry.ts';
export type {
  BodyFormat,
  DeadLetterReason,
  DeferralReason,
  FailureReason,
  SuppressionReason,
  Trigger,
} from './outcome.ts';
export {
  bodyFormats,
  deadLetterReasons,
  deferralReasons,
  failureReasons,
  suppressionReasons,
  triggers,
} from './outcome.ts';
export { withoutIndent } from './pem.ts';
export { isReplayChain, isReplayed, replayChainOf } from './replay-chain.ts';
export type {
  CompletedRequest,
  PhaseTimings,
  RequestFailureReason,
  RequestOutcome,
} from './request-outcome.ts';
export { endOfRequest, maxExcerptBytes, textStart } from './request-outcome.ts';
export type { EventTypeSeen } from './seen-event-type.ts';
export { decodeEventTypeSeen, encodeEventTypeSeen } from './seen-event-type.ts';
export type {
  ExhaustionPolicy,
  OnEnable,
  Ordering,
  SealedHeader,
  SealedSecret,
  SealedTls,
  SignatureStyle,
  SubscriptionRecord,
} from './subscription.ts';
export {
  decodeSubscription,
  defaultRetryScheduleSeconds,
  encodeSubscription,
  exhaustionPolicies,
  onEnablePolicies,
  orderings,
  sealedHeaderField,
  shortRetryScheduleSeconds,
  signatureStyles,
} from './subscription.ts';
export type { CommandsSuperseded } from './superseded-commands.ts';
export { decodeSuperseded, encodeSuperseded } from './superseded-commands.ts';
export type { Rung, TopicDefinition, TopicKind } from './topics.ts';
export { allTopics, ladder, supersededKeptMs, topics } from './topics.ts';
export type { WireRecord } from './wire.ts';
export { DecodeError } from './wire.ts';
