import { type Check, Findings } from './check.ts';
import type { RunHistory, SeenRequest } from './run-history.ts';

type Terminal = ReadonlyMap<string, number>;

const nameOf = (subscription: string, event: string): string => `${subscription} ${event}`;

/** When each delivery of an ordered subscription ended: its first success as the endpoint saw it, or its dead letter. */
const terminals = (history: RunHistory): Terminal => {
  const ends = new Map<string, number>();
  const note = (name: string, at: number): void => {
    ends.set(name, Math.min(ends.get(name) ?? Number.POSITIVE_INFINITY, at));
  };
  for (const { status, endpoint, webhook, endedAt } of history.requests) {
    const subscription = history.byEndpoint.get(endpoint);
    if (webhook === null || subscription === undefined || status === null) continue;
    if (status >= 200 && status < 300) note(nameOf(subscription.id, webhook.eventId), endedAt);
  }
  for (const { subscription, event, at } of history.deadLetters)
    note(nameOf(subscription, event), at - history.clockErrorMs);
  return ends;
};

// The endpoint notes the end of a response after the sender may have read it.
const clockSlackMs = 5;

/**
 * C6: nothing of an ordering key is sent before everything earlier of that key has ended. The publisher sends the events of a key one
 * after the other, each once the one before is accepted, so that their numbers have the order of the log. What somebody asked for
 * again is out of order by intention.
 */
export const orderKept: Check = {
  id: 'C6',
  title: 'order of each key',
  judge: (history) => {
    const findings = new Findings();
    const ends = terminals(history);
    const numbersOf = new Map<string, number[]>();
    for (const { input, subscription } of history.expected()) {
      if (subscription.ordering !== 'key' || input.orderingKey === null) continue;
      const name = nameOf(subscription.id, input.orderingKey);
      numbersOf.set(name, [...(numbersOf.get(name) ?? []), input.number]);
    }
    const check = (request: SeenRequest): void => {
      const subscription = history.byEndpoint.get(request.endpoint);
      const input = history.inputs.get(request.webhook?.number ?? -1);
      if (subscription?.ordering !== 'key' || input === undefined || input.orderingKey === null) return;
      if (history.isSentAgain(subscription.id, 0, request.at)) return;
      const numbers = numbersOf.get(nameOf(subscription.id, input.orderingKey)) ?? [];
      const early = numbers.find((number) => {
        if (number >= input.number) return false;
        const end = ends.get(nameOf(subscription.id, history.eventIds.get(number) ?? ''));
        return end === undefined || end > request.at + clockSlackMs;
      });
      findings.expect(
        early === undefined,
        () =>
          `event ${input.number} of key ${input.orderingKey} was sent to ${subscription.id} before event ${early} had ended`,
      );
    };
    for (const request of history.requests) check(request);
    return findings;
  },
};
