import type { Attributes } from '@opentelemetry/api';
import type { FinishedSpan } from './span-sink.ts';

type Work = Pick<FinishedSpan, 'traceparent' | 'parent' | 'startMs' | 'endMs' | 'error'>;

/** A message that was sent. `messageId`: its own id, if it is one message; `count`: their number, if several. */
export type SentMessages = Work &
  Readonly<{ topic: string; messageId?: string; count?: number; attributes?: Attributes }>;

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
});

/**
 * Returns the span of sending messages that carry its context, by OpenTelemetry's conventions for messaging (semantic
 * conventions 1.41, status Development).
 */
export const sendSpan = ({ topic, messageId, count, attributes, ...work }: SentMessages): FinishedSpan => ({
  ...without(work),
  name: `send ${topic}`,
  kind: 'producer',
  attributes: {
    'messaging.system': 'kafka',
    'messaging.operation.name': 'send',
    'messaging.operation.type': 'send',
    'messaging.destination.name': topic,
    ...(messageId === undefined ? {} : { 'messaging.message.id': messageId }),
    ...(count === undefined ? {} : { 'messaging.batch.message_count': count }),
    ...attributes,
  },
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
