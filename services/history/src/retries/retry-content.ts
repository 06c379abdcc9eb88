import { newTraceparent } from '@tidings/observability';
import { AppError } from '@tidings/runtime';
import { deliveryRenderer } from '@tidings/webhook-request';
import { type Content, type DeadLetter, deadLetterKey } from '../dead-letters/domain/dead-letter.ts';
import type { DeadLetterStore, KnownSubscription } from '../dead-letters/ports.ts';
import type { Delivery } from '../deliveries/domain/delivery.ts';
import type { RetryContent } from './domain/retry-command.ts';
import type { LoggedEvent, ReadEvent } from './ports.ts';
import { timeOf } from './refuse-retry.ts';

/** Returns the content of a delivery as fanout made it: the same bytes, if the subscription has the same format. */
const contentOfEvent = (
  { event, acceptedAtMs }: LoggedEvent,
  { format, largePayloads }: Pick<KnownSubscription, 'format' | 'largePayloads'>,
): RetryContent => {
  const { body, state } = deliveryRenderer(event, acceptedAtMs)(format, largePayloads === 'reference');
  return {
    body,
    traceparent: event.traceparent ?? newTraceparent(),
    state: { format, orderingKey: event.orderingKey, acceptedAtMs, ...state },
  };
};

const contentOfCommand = ({ command }: Extract<Content, { kind: 'delivery' }>): RetryContent => {
  const { body, traceparent, state } = command;
  const { format, orderingKey, acceptedAtMs, cloudEvent, large } = state;
  return {
    body,
    traceparent,
    state: { format, orderingKey, acceptedAtMs, ...(cloudEvent && { cloudEvent }), ...(large && { large }) },
  };
};

/** The sources of the body of a retry. */
export type ContentSources = Readonly<{
  readEvent: ReadEvent;
  deadLetters: Pick<DeadLetterStore, 'readContents'>;
}>;

/**
 * Returns the content of a delivery from the log, else from its newest dead letter. Throws AppError `unprocessable` if
 * neither has it.
 */
export const contentOf = async (
  { readEvent, deadLetters: store }: ContentSources,
  delivery: Delivery,
  {
    subscription,
    deadLetters,
  }: Readonly<{ subscription: KnownSubscription; deadLetters: readonly DeadLetter[] }>,
): Promise<RetryContent> => {
  const logged = await readEvent(delivery);
  if ('event' in logged) return contentOfEvent(logged, subscription);
  const contents = await store.readContents(deadLetters.map(({ ref }) => ref));
  const newestFirst = deadLetters.toSorted((a, b) => b.recordedAtMs - a.recordedAtMs);
  for (const { ref } of newestFirst) {
    const content = contents.get(deadLetterKey(ref));
    if (content?.kind === 'delivery') return contentOfCommand(content);
  }
  const { oldestAtMs } = logged;
  const oldest = oldestAtMs === null ? '' : ` The oldest event in the log is from ${timeOf(oldestAtMs)}.`;
  throw new AppError({
    code: 'unprocessable',
    message: `The log no longer has event '${delivery.eventId}', accepted at ${timeOf(delivery.createdAtMs)}, and no dead letter has its body.${oldest}`,
  });
};
