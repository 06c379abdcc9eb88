import type { EventAccepted } from '@tidings/contracts';
import { deliveryRenderer, type RenderedBody } from '@tidings/webhook-request';
import type { IndexedSubscription } from './domain/match-index.ts';

/** Returns a function that renders the body of an event for a subscription, each form at most once. */
export const commandBodies = (
  event: EventAccepted,
  acceptedAtMs: number,
): ((subscription: Pick<IndexedSubscription, 'format' | 'largePayloads'>) => RenderedBody) => {
  const render = deliveryRenderer(event, acceptedAtMs);
  return ({ format, largePayloads }) => render(format, largePayloads === 'reference');
};
