import { type Check, Findings } from './check.ts';
import { deliveryOf, isSuccess, type RunHistory, receives } from './run-history.ts';

const deliveredIn = (history: RunHistory): Set<string> =>
  new Set(
    history.requests.flatMap((request) => {
      const subscription = history.byEndpoint.get(request.endpoint);
      const isSeen = isSuccess(request) && request.webhook !== null && subscription !== undefined;
      return isSeen ? [deliveryOf(subscription.id, request.webhook.eventId)] : [];
    }),
  );

/** C1: each accepted event was delivered to, or is a dead letter of, each subscription that receives it. */
export const nothingMissing: Check = {
  id: 'C1',
  title: 'nothing accepted is missing',
  judge: (history) => {
    const findings = new Findings();
    const ended = deliveredIn(history);
    for (const { event, subscription } of history.deadLetters) ended.add(deliveryOf(subscription, event));
    for (const { input, eventId, subscription } of history.expected())
      findings.expect(
        ended.has(deliveryOf(subscription.id, eventId)),
        () => `event ${input.number} (${eventId}) was accepted and never reached ${subscription.id}`,
      );
    return findings;
  },
};

/** C2: nothing arrives that was never sent, and what was accepted arrives under its id. */
export const nothingInvented: Check = {
  id: 'C2',
  title: 'nothing arrives that was never accepted',
  judge: (history) => {
    const findings = new Findings();
    for (const { webhook, webhookId, endpoint } of history.requests) {
      const input = webhook === null ? undefined : history.inputs.get(webhook.number);
      const eventId = webhook === null ? undefined : history.eventIds.get(webhook.number);
      findings.expect(
        input !== undefined && (eventId === undefined || eventId === webhook?.eventId),
        () => `${webhookId} at ${endpoint} has event ${webhook?.eventId ?? 'none'}, which was not published`,
      );
    }
    return findings;
  },
};

/** C3: one webhook-id for an event at a subscription, and one event and subscription for a webhook-id. */
export const oneId: Check = {
  id: 'C3',
  title: 'one webhook-id for each delivery',
  judge: (history) => {
    const findings = new Findings();
    const idOf = new Map<string, string>();
    const pairs = new Map<string, string>();
    for (const { webhook, webhookId, endpoint } of history.requests) {
      if (webhook === null) continue;
      const pair = deliveryOf(endpoint, webhook.eventId);
      const known = idOf.get(pair) ?? webhookId;
      const knownPair = pairs.get(webhookId) ?? pair;
      idOf.set(pair, known);
      pairs.set(webhookId, knownPair);
      findings.expect(
        known === webhookId && knownPair === pair,
        () =>
          `${pair} has the webhook-ids ${known} and ${webhookId}, or ${webhookId} is also that of ${knownPair}`,
      );
    }
    return findings;
  },
};

/** C4: the body of every attempt is the same, and the data is that of the publisher byte for byte. */
export const sameBytes: Check = {
  id: 'C4',
  title: 'the same bytes in every attempt',
  judge: (history) => {
    const findings = new Findings();
    const bodies = new Map<string, string>();
    for (const { webhook, webhookId, body } of history.requests) {
      const input = webhook === null ? undefined : history.inputs.get(webhook.number);
      if (input === undefined) continue;
      const first = bodies.get(webhookId) ?? body;
      bodies.set(webhookId, first);
      findings.expect(
        first === body && body.endsWith(`"data":${input.data}}`),
        () => `${webhookId} carried other bytes: ${body.slice(0, 200)}`,
      );
    }
    return findings;
  },
};

/** C8: no consumer receives what is addressed to another one, or of a type that its subscription has not chosen. */
export const noneOfOthers: Check = {
  id: 'C8',
  title: "no other consumer's event",
  judge: (history) => {
    const findings = new Findings();
    for (const { webhook, webhookId, endpoint } of history.requests) {
      const input = webhook === null ? undefined : history.inputs.get(webhook.number);
      const subscription = history.byEndpoint.get(endpoint);
      if (input === undefined) continue;
      findings.expect(
        subscription !== undefined && receives(subscription, input),
        () =>
          `${webhookId}: event ${input.number} of ${input.consumer ?? 'nobody'} (${input.eventType}) arrived at ${endpoint}`,
      );
    }
    return findings;
  },
};

/** C13: a dead letter has the body that would be sent, belongs to an accepted event, and was delivered once it was redriven. */
export const deadLettersComplete: Check = {
  id: 'C13',
  title: 'dead letters are complete and can be redriven',
  judge: (history) => {
    const findings = new Findings();
    const numbers = new Map([...history.eventIds].map(([number, eventId]) => [eventId, number]));
    const delivered = deliveredIn(history);
    const lastRedrive = Math.max(
      0,
      ...history.manual.filter(({ action }) => action === 'redrive').map(({ at }) => at),
    );
    for (const letter of history.deadLetters) {
      const { event, subscription, hasBody, at } = letter;
      const isKnown = history.subscriptions.has(subscription);
      const input = history.inputs.get(numbers.get(event) ?? -1);
      const isRedriven = at < lastRedrive && !history.switches.has(subscription);
      findings.expect(
        isKnown && input !== undefined && hasBody,
        () =>
          `dead letter of ${letter.delivery} is incomplete: event ${event}, subscription ${subscription}, body ${hasBody}`,
      );
      if (isRedriven)
        findings.expect(
          delivered.has(deliveryOf(subscription, event)),
          () => `dead letter of ${letter.delivery} (${letter.reason}) was redriven and not delivered`,
        );
    }
    return findings;
  },
};
