import {
  appTopics,
  decodeAccess,
  decodeAttempt,
  decodeAudit,
  decodeBreakerOpened,
  decodeDeadLetterFact,
  decodeDelivery,
  decodeDocumentCopy,
  decodeErasure,
  decodeEvent,
  decodeEventReceived,
  decodeEventType,
  decodeEventTypeSeen,
  decodeInstruction,
  decodeJobRecord,
  decodeKeyUsed,
  decodeLiveHeld,
  decodeOrderingEntry,
  decodeRun,
  decodeRunCommand,
  decodeRunLogEntry,
  decodeSource,
  decodeSubscription,
  decodeSuperseded,
  decodeWebhookReceived,
  isLiveHeldKey,
  ladder,
  type TopicDefinition,
  topics,
  type WireRecord,
} from '../../../packages/contracts/src/index.ts';
import {
  attemptExamples,
  breakerExamples,
  deadLetterExamples,
  deliveryExamples,
  holdExamples,
  retryExamples,
  supersededExamples,
} from './delivery-examples.ts';
import {
  erasureExamples,
  eventExamples,
  receivedExamples,
  receivedIdExamples,
  seenTypeExamples,
} from './event-examples.ts';
import { atMs, type MessageExample } from './example.ts';
import {
  accessExamples,
  auditExamples,
  copyExamples,
  eventTypeExamples,
  keyUsageExamples,
  sourceExamples,
  subscriptionExamples,
} from './registry-examples.ts';
import { jobExamples, runCommandExamples, runExamples, runLogExamples } from './run-examples.ts';

/** The records of a topic: examples as this version writes them, and the reader that its consumers use. */
export type TopicFormat = Readonly<{
  /** Topics with records of this format, and what their fixtures are called. */
  topics: readonly TopicDefinition[];
  file: string;
  examples: readonly MessageExample[];
  read(record: WireRecord): unknown;
}>;

type Pair = Readonly<{ examples: TopicFormat['examples']; read: TopicFormat['read'] }>;

// A new topic does not compile without an entry here.
const byTopic: Readonly<Record<keyof typeof topics, Pair>> = {
  // The consumer gives the reader the time of the record, for events without one.
  events: { examples: eventExamples, read: (record) => decodeEvent({ ...record, timestampMs: atMs }) },
  deliveries: { examples: deliveryExamples, read: decodeInstruction },
  attempts: { examples: attemptExamples, read: decodeAttempt },
  orderingChangelog: {
    examples: holdExamples,
    read: (record) =>
      isLiveHeldKey(record.key ?? '') ? decodeLiveHeld(record) : decodeOrderingEntry(record),
  },
  supersededCommands: { examples: supersededExamples, read: decodeSuperseded },
  breakers: {
    examples: breakerExamples,
    read: (record) => (record.value === null ? null : decodeBreakerOpened(record)),
  },
  deadLetters: { examples: deadLetterExamples, read: decodeDeadLetterFact },
  subscriptions: { examples: subscriptionExamples, read: decodeSubscription },
  eventTypes: { examples: eventTypeExamples, read: decodeEventType },
  seenEventTypes: { examples: seenTypeExamples, read: decodeEventTypeSeen },
  sources: { examples: sourceExamples, read: decodeSource },
  receivedIds: { examples: receivedIdExamples, read: decodeEventReceived },
  received: { examples: receivedExamples, read: decodeWebhookReceived },
  access: { examples: accessExamples, read: decodeAccess },
  registry: { examples: copyExamples, read: decodeDocumentCopy },
  keyUsage: { examples: keyUsageExamples, read: decodeKeyUsed },
  audit: { examples: auditExamples, read: decodeAudit },
  jobs: { examples: jobExamples, read: decodeJobRecord },
  erasures: { examples: erasureExamples, read: decodeErasure },
  runs: { examples: runExamples, read: decodeRun },
};

const ofApp = appTopics('app');

/** The format of every topic. */
export const topicFormats: readonly TopicFormat[] = [
  ...Object.entries(byTopic).map(([name, pair]) => {
    const topic = topics[name as keyof typeof topics];
    return { topics: [topic], file: topic.name, ...pair };
  }),
  {
    ...{ topics: ladder.map(({ topic }) => topic), file: 'tidings.retry' },
    ...{ examples: retryExamples, read: decodeDelivery },
  },
  {
    ...{ topics: [ofApp.runLog], file: ofApp.runLog.name },
    ...{ examples: runLogExamples, read: decodeRunLogEntry },
  },
  {
    ...{ topics: [ofApp.commands], file: ofApp.commands.name },
    ...{ examples: runCommandExamples, read: decodeRunCommand },
  },
];
