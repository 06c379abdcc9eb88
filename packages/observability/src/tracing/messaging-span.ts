import type { Attributes } from '@opentelemetry/api';
import type { FinishedSpan } from './span-sink.ts';

type Work = Pick<FinishedSpan, 'traceparent' | 'parent' | 'startMs' | 'endMs' | 'error' | 'links'>;

/**
 * Messages that were sent. `messageId`: its own id, if it is one message; `count`: their number, if several. `carries`:
 * the context in them, that of this span (default), or one that each had before.
 */
export type SentMessages = Work &
  Readonly<{
    topic: string;
    messageId?: string;
    count?: number;
    carries?: 'own context' | 'earlier context';
    attributes?: Attributes;
  }>;

/** A message that was made for a send to come, and carries the context of this span. */
export type CreatedMessage = Work & Readonly<{ topic: string; messageId: string; attributes?: Attributes }>;

/** Work on one message of a topic. `parent`: the context that the message carries. */
export type ProcessedMessage = Work &
  Readonly<{
    topic: string;
    group: string;
    partition: number;
    /** Absent if the place of the record is not known any more. */
    offset?: bigint;
    messageId?: string;
    attributes?: Attributes;
  }>;

const without = (work: Work) => ({
  ...{ traceparent: work.traceparent, parent: work.parent, startMs: work.startMs },
  ...(work.endMs === undefined ? {} : { endMs: work.endMs }),
  ...(work.error === undefined ? {} : { error: work.error }),
  ...(work.links === undefined ? {} : { links: work.links }),
});

const operation = (type: 'send' | 'create', topic: string): Attributes => ({
  'messaging.system': 'kafka',
  'messaging.operation.name': type,
  'messaging.operation.type': type,
  'messaging.destination.name': topic,
});

/**
 * Returns the span of sending messages, by OpenTelemetry's conventions for messaging (semantic conventions 1.41, status
 * Development): a producer if they carry its context, else a client.
 */
export const sendSpan = ({
  topic,
  messageId,
  count,
  carries,
  attributes,
  ...work
}: SentMessages): FinishedSpan => ({
  ...without(work),
  name: `send ${topic}`,
  kind: carries === 'earlier context' ? 'client' : 'producer',
  attributes: {
    ...operation('send', topic),
    ...(messageId === undefined ? {} : { 'messaging.message.id': messageId }),
    ...(count === undefined ? {} : { 'messaging.batch.message_count': count }),
    ...attributes,
  },
});

/** Returns the span of making one message that others are sent with, by the same conventions. */
export const createSpan = ({ topic, messageId, attributes, ...work }: CreatedMessage): FinishedSpan => ({
  ...without(work),
  name: `create ${topic}`,
  kind: 'producer',
  attributes: { ...operation('create', topic), 'messaging.message.id': messageId, ...attributes },
});

/**
 * Returns the span of work on one message, by the same conventions. The context of the message is its parent, since no
 * other span is around it, and linked as well.
 */
export const processSpan = (message: ProcessedMessage): FinishedSpan => {
  const { topic, group, partition, offset, messageId, attributes, ...work } = message;
  return {
    ...without(work),
    isLinked: true,
    name: `process ${topic}`,
    kind: 'consumer',
    attributes: {
      'messaging.system': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': String(partition),
      'messaging.consumer.group.name': group,
      ...(offset === undefined ? {} : { 'messaging.kafka.offset': Number(offset) }),
      ...(messageId === undefined ? {} : { 'messaging.message.id': messageId }),
      ...attributes,
    },
  };
};
