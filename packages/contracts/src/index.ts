export type { AttemptEnd, AttemptOutcome, AttemptRecorded, NextStep } from './deliveries/attempt.ts';
export { attemptId, decodeAttempt, encodeAttempt } from './deliveries/attempt.ts';
export type { AttemptExchange, RecordedPhases, ShortExchange } from './deliveries/attempt-exchange.ts';
export {
  derivedRequestHeaders,
  exchangeText,
  parseExchange,
  shortExchangeText,
} from './deliveries/attempt-exchange.ts';
export type { BreakerOpened } from './deliveries/breaker.ts';
export { decodeBreakerOpened, encodeBreakerClosed, encodeBreakerOpened } from './deliveries/breaker.ts';
export type {
  DeadLetter,
  DeadLetterRef,
  DeadLetterSettled,
  DeliveryDeadLettered,
  RecordOrigin,
  RecordPoisoned,
} from './deliveries/dead-letter.ts';
export {
  deadLetterIdOf,
  deadLetterRefOf,
  decodeDeadLetter,
  decodeDeadLetterFact,
  encodeDeadLetter,
  encodePoison,
  encodeSettled,
  poisonedEventOf,
} from './deliveries/dead-letter.ts';
export type { AttemptSummary, DeliveryRequested, DeliveryState } from './deliveries/delivery-command.ts';
export { decodeDelivery, encodeDelivery } from './deliveries/delivery-command.ts';
export type { DeliveryInstruction, LiveHeld, LiveHoldChanged } from './deliveries/live-hold.ts';
export {
  decodeInstruction,
  decodeLiveHeld,
  encodeLiveHeld,
  encodeLiveHoldChanged,
  isLiveHeldKey,
  isLiveHoldChanged,
  liveHeldKey,
} from './deliveries/live-hold.ts';
export { isOwnRequest, loopHeaderName } from './deliveries/loop-header.ts';
export type { OrderingEntry } from './deliveries/ordering-entry.ts';
export { decodeOrderingEntry, encodeOrderingEntry, orderingEntryKey } from './deliveries/ordering-entry.ts';
export type {
  BodyFormat,
  DeadLetterReason,
  DeferralReason,
  FailureReason,
  SuppressionReason,
  Trigger,
} from './deliveries/outcome.ts';
export {
  bodyFormats,
  deadLetterReasons,
  deferralReasons,
  failureReasons,
  suppressionReasons,
  triggers,
} from './deliveries/outcome.ts';
export { isReplayChain, isReplayed, replayChainOf } from './deliveries/replay-chain.ts';
export type {
  CompletedRequest,
  PhaseTimings,
  RequestFailureReason,
  RequestOutcome,
} from './deliveries/request-outcome.ts';
export { endOfRequest, maxExcerptBytes, textStart } from './deliveries/request-outcome.ts';
export type { CommandsSuperseded } from './deliveries/superseded-commands.ts';
export { decodeSuperseded, encodeSuperseded } from './deliveries/superseded-commands.ts';
export { ErasedData, type ErasureSubject } from './events/erased-data.ts';
export type { DataErased, ErasureScope } from './events/erasure.ts';
export { decodeErasure, encodeErasure } from './events/erasure.ts';
export type { EventAccepted, Received } from './events/event.ts';
export { dataBytesOf, decodeEvent, encodeEvent } from './events/event.ts';
export type {
  EventTypeAudience,
  EventTypeRecord,
  EventTypeState,
  SchemaMode,
} from './events/event-type.ts';
export {
  decodeEventType,
  encodeEventType,
  eventTypeAudiences,
  eventTypeKey,
  eventTypeStates,
  schemaModes,
} from './events/event-type.ts';
export type { LargeData, LargeDataOwner } from './events/large-data.ts';
export {
  dataRefOf,
  largeDataKey,
  largeDataPrefix,
  largeDataPrefixOf,
  maxLargeBytes,
  maxPayloadBytesRule,
} from './events/large-data.ts';
export type {
  DisableCause,
  ExportEvent,
  HealthEvent,
  LastFailure,
  OperationalEvent,
  OperationalEventType,
} from './events/operational-event.ts';
export {
  disableCauses,
  encodeOperationalEvent,
  operationalEventIdOf,
  operationalEventTypes,
} from './events/operational-event.ts';
export type { EventReceived } from './events/received-id.ts';
export { decodeEventReceived, encodeEventReceived } from './events/received-id.ts';
export type { EventTypeSeen } from './events/seen-event-type.ts';
export { decodeEventTypeSeen, encodeEventTypeSeen } from './events/seen-event-type.ts';
export type { RefusalReason, WebhookReceived } from './events/webhook-received.ts';
export {
  decodeWebhookReceived,
  encodeWebhookReceived,
  maxReceivedEventIds,
  refusalReasons,
} from './events/webhook-received.ts';
export {
  eventTypeNameMaxLength,
  eventTypeNamePattern,
  isEventPattern,
  isEventTypeName,
  isReservedEventType,
} from './ids/event-type-name.ts';
export {
  appNamePattern,
  callerTextRule,
  consumerIdRule,
  patternRules,
  sourceIdRule,
  workspaceIdPattern,
  workspaceIdRule,
} from './ids/id-rules.ts';
export type {
  ConsumerId,
  DeadLetterId,
  DeliveryId,
  EventId,
  RunId,
  SourceId,
  SubscriptionId,
  WorkspaceId,
} from './ids/ids.ts';
export {
  consumerId,
  deadLetterId,
  deliveryId,
  deriveDeliveryId,
  deriveEventId,
  deriveReceivedEventId,
  deriveReplayDeliveryId,
  deriveRunId,
  eventId,
  firstReceivedId,
  isEventId,
  newEventId,
  newKeyId,
  newReceivedId,
  newSourceId,
  newSubscriptionId,
  runId,
  sourceId,
  subscriptionId,
  workspaceId,
} from './ids/ids.ts';
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
} from './jobs/job.ts';
export {
  decodeJobRecord,
  desiredJobStates,
  encodeJobRecord,
  jobPartition,
  jobRecordKey,
  jobStates,
} from './jobs/job.ts';
export type {
  AccessRecord,
  AccessScope,
  ApiKeyRecord,
  ConsumerRecord,
  EventTypePolicy,
  TokenKeyRecord,
  WorkspaceRecord,
} from './registry/access.ts';
export {
  accessKeyOf,
  accessKeyPrefixes,
  accessScopes,
  consumerScopes,
  decodeAccess,
  encodeAccess,
  eventTypePolicies,
  retentionDays,
} from './registry/access.ts';
export type { AuditRecorded } from './registry/audit.ts';
export { decodeAudit, encodeAudit } from './registry/audit.ts';
export type { DocumentCopied } from './registry/document-copy.ts';
export {
  decodeDocumentCopy,
  documentCopyKey,
  documentCopyText,
  encodeDocumentCopy,
  textOfDocumentCopy,
} from './registry/document-copy.ts';
export type { Ended } from './registry/ended.ts';
export { hasEnded } from './registry/ended.ts';
export type { KeyUsed } from './registry/key-usage.ts';
export { decodeKeyUsed, encodeKeyUsed } from './registry/key-usage.ts';
export {
  type ChatTarget,
  chatBody,
  type NoticeStyle,
  noticeStyles,
  noticeUrlFault,
} from './registry/notice.ts';
export type { SourceAudience, SourceRecord } from './registry/source.ts';
export { decodeSource, encodeSource, sourceAudiences } from './registry/source.ts';
export type {
  ExhaustionPolicy,
  LargePayloads,
  OnEnable,
  Ordering,
  SealedHeader,
  SealedSecret,
  SealedTls,
  SignatureStyle,
  SubscriptionAudience,
  SubscriptionRecord,
} from './registry/subscription.ts';
export {
  decodeSubscription,
  defaultRetryScheduleSeconds,
  encodeSubscription,
  exhaustionPolicies,
  largePayloadForms,
  onEnablePolicies,
  orderings,
  sealedHeaderField,
  shortRetryScheduleSeconds,
  signatureStyles,
  subscriptionAudiences,
} from './registry/subscription.ts';
export { appRights } from './rights/app-rights.ts';
export type { Operation, Right } from './rights/right.ts';
export {
  type KafkaService,
  kafkaServices,
  processRights,
  serviceRights,
  topicSetupRights,
} from './rights/service-rights.ts';
export { type AppTopics, appGroup, appReader, appTopics } from './runs/app-topics.ts';
export type {
  RunAttempt,
  RunAttemptOutcome,
  RunEvent,
  RunFailure,
  RunFailureReason,
  RunRecorded,
  RunStatus,
  RunStep,
} from './runs/run.ts';
export {
  decodeRun,
  encodeRun,
  isNewerRun,
  maxRunAttempts,
  runAttemptOutcomes,
  runFailureReasons,
  runStatuses,
} from './runs/run.ts';
export type { RunCancelRequested, RunCommand, RunRetryRequested } from './runs/run-command.ts';
export { decodeRunCommand, encodeRunCommand } from './runs/run-command.ts';
export type { EpochSettled, EpochStarted, RunLogEntry } from './runs/run-log.ts';
export { decodeRunLogEntry, encodeEpoch, encodeRunState, runLogKey } from './runs/run-log.ts';
export { consumerGroups, temporaryGroupsOf } from './wire/consumer-groups.ts';
export type { HeaderFields } from './wire/header-fields.ts';
export { headerText } from './wire/header-fields.ts';
export { withoutIndent } from './wire/pem.ts';
export type { Rung, TopicDefinition, TopicKind } from './wire/topics.ts';
export { allTopics, ladder, supersededKeptMs, topics } from './wire/topics.ts';
export type { WireRecord } from './wire/wire.ts';
export { DecodeError } from './wire/wire.ts';
