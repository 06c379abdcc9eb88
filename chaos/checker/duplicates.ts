import type { Check } from './check.ts';
import { matchAttempts } from './match-attempts.ts';
import { isSuccess, type RunHistory } from './run-history.ts';

/** Counts what was delivered more than once: at most what was in flight at the kills. Webhooks that somebody asked for again do not count. */
const repeatedByFaults = (history: RunHistory): Readonly<{ webhooks: number; violations: string[] }> => {
  let duplicates = 0;
  let webhooks = 0;
  for (const requests of history.byWebhookId.values()) {
    const successes = requests.filter(isSuccess);
    const [first] = successes;
    const subscription = first === undefined ? undefined : history.byEndpoint.get(first.endpoint);
    if (first === undefined || subscription === undefined) continue;
    webhooks += 1;
    const last = successes.at(-1)?.at ?? first.at;
    if (!history.isSentAgain(subscription.id, 0, last)) duplicates += successes.length - 1;
  }
  const bound = history.repeatingFaults.length * history.inFlightLimit;
  const violation = `${duplicates} webhooks were delivered again, more than ${history.repeatingFaults.length} faults × ${history.inFlightLimit} in flight`;
  return { webhooks, violations: duplicates > bound ? [violation] : [] };
};

/**
 * Finds what was delivered again because a provider sent it again when nothing waited any more: a first attempt after that. A later
 * attempt is a copy that a fault has left.
 */
const repeatedByProvider = (history: RunHistory): string[] => {
  const { recorded } = matchAttempts(history);
  return history.repeats.flatMap(({ number, at }) =>
    history.requests
      .filter((request) => request.webhook?.number === number && request.at >= at)
      .filter(({ index }) => (recorded.get(index)?.attempt ?? 1) === 1)
      .map(
        ({ webhookId, endpoint }) =>
          `${webhookId} was delivered again at ${endpoint} for the provider's repeat`,
      ),
  );
};

/** C14: duplicates within the stated bound, and none of a webhook that its provider sent again. */
export const fewDuplicates: Check = {
  id: 'C14',
  title: 'duplicates within the stated bound',
  judge: (history) => {
    const { webhooks, violations } = repeatedByFaults(history);
    return {
      checked: webhooks + history.repeats.length,
      violations: [...violations, ...repeatedByProvider(history)],
    };
  },
};
