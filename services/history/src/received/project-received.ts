import type { WebhookReceived } from '@tidings/contracts';
import { receivedOf } from './domain/received-webhook.ts';
import type { ReceivedStore } from './ports.ts';

/** Stores facts of the topic, those of a source in their order. A fact that is stored already stays as it is. */
export async function projectReceived(
  store: Pick<ReceivedStore, 'insert' | 'firstsOf'>,
  facts: readonly WebhookReceived[],
): Promise<void> {
  if (facts.length === 0) return;
  const firsts = await store.firstsOf([...new Set(facts.flatMap(({ eventIds }) => eventIds.slice(0, 1)))]);
  await store.insert(receivedOf(facts, firsts));
}
