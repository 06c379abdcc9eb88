import type { EventId, WebhookReceived } from '@tidings/contracts';

/** The outcomes of a webhook. repeated: accepted, and the provider had sent it before. */
export const receivedOutcomes = ['accepted', 'repeated', 'checked', 'refused'] as const;
/** One of {@link receivedOutcomes}. */
export type ReceivedOutcome = (typeof receivedOutcomes)[number];

/** A webhook that a source received, as the history keeps it. */
export type ReceivedWebhook = Omit<WebhookReceived, 'type' | 'outcome'> &
  Readonly<{ outcome: ReceivedOutcome }>;

/**
 * Returns the webhooks of facts, in their order: one whose event an earlier webhook has is a repeat. `firsts` has the
 * earliest webhook of each event, and gets those of these facts.
 */
export const receivedOf = (
  facts: readonly WebhookReceived[],
  firsts: Map<EventId, string>,
): readonly ReceivedWebhook[] =>
  facts.map(({ type: _type, ...fact }) => {
    const [event] = fact.eventIds;
    if (event === undefined) return fact;
    const first = firsts.get(event);
    if (first !== undefined && first < fact.id) return { ...fact, outcome: 'repeated' };
    firsts.set(event, fact.id);
    return fact;
  });
