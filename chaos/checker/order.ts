import { type Check, Findings } from './check.ts';
import { deliveryOf, isSuccess, type RunHistory } from './run-history.ts';

/** When each delivery ended: its first success as the endpoint saw it, or its dead letter. */
const endsOf = (history: RunHistory): ReadonlyMap<string, number> => {
  const ends = new Map<string, number>();
  const note = (delivery: string, at: number): void => {
    ends.set(delivery, Math.min(ends.get(delivery) ?? Number.POSITIVE_INFINITY, at));
  };
  for (const request of history.requests) {
    const subscription = history.byEndpoint.get(request.endpoint);
    if (request.webhook === null || subscription === undefined || !isSuccess(request)) continue;
    note(deliveryOf(subscription.id, request.webhook.eventId), request.endedAt);
  }
  for (const { subscription, event, at } of history.deadLetters)
    note(deliveryOf(subscription, event), at - history.clockErrorMs);
  return ends;
};

/** Of what comes earlier in a key, the event that ended last, and when; infinity: it did not. */
type Earlier = Readonly<{ number: number; endedAt: number }>;

/** Returns for each delivery of an ordered subscription the earlier ones of its key; nothing for the first. */
const earlierOf = (history: RunHistory): ReadonlyMap<string, Earlier> => {
  const ends = endsOf(history);
  const earlier = new Map<string, Earlier>();
  const lastOfKey = new Map<string, Earlier>();
  for (const { input, eventId, subscription } of history.expected()) {
    if (subscription.ordering !== 'key' || input.orderingKey === null) continue;
    const delivery = deliveryOf(subscription.id, eventId);
    const key = `${subscription.id} ${input.orderingKey}`;
    const before = lastOfKey.get(key);
    if (before !== undefined) earlier.set(delivery, before);
    const own = { number: input.number, endedAt: ends.get(delivery) ?? Number.POSITIVE_INFINITY };
    lastOfKey.set(key, before !== undefined && before.endedAt > own.endedAt ? before : own);
  }
  return earlier;
};

// The endpoint notes the end of a response after the sender may have read it.
const clockSlackMs = 5;

/**
 * C6: nothing of an ordering key is sent before everything earlier of that key has ended. The publisher sends the events of a key one
 * after the other, each once the one before is accepted, so that they are accepted in the order of the log. What somebody asked for
 * again is out of order by intention.
 */
export const orderKept: Check = {
  id: 'C6',
  title: 'order of each key',
  judge: (history) => {
    const findings = new Findings();
    const earlier = earlierOf(history);
    for (const { endpoint, webhook, at } of history.requests) {
      const subscription = history.byEndpoint.get(endpoint);
      const input = history.inputs.get(webhook?.number ?? -1);
      if (subscription?.ordering !== 'key' || (input?.orderingKey ?? null) === null || webhook === null)
        continue;
      if (history.isSentAgain(subscription.id, 0, at)) continue;
      const before = earlier.get(deliveryOf(subscription.id, webhook.eventId));
      findings.expect(
        before === undefined || before.endedAt <= at + clockSlackMs,
        () =>
          `event ${webhook.number} of key ${input?.orderingKey} was sent to ${subscription.id} before event ${before?.number} had ended`,
      );
    }
    return findings;
  },
};
