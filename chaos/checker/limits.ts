import type { SubscriptionRecord } from '../history/record.ts';
import { type Check, Findings } from './check.ts';
import { type RunHistory, takeoverMs } from './run-history.ts';

// How long a change that is in force in the log takes to reach every process, and a request that was under way to arrive.
const propagationMs = 5_000;

/** C7: nothing is sent once a subscription is disabled or deleted, beyond what was under way. */
export const nothingAfterEnd: Check = {
  id: 'C7',
  title: 'nothing after a subscription is disabled or deleted',
  judge: (history) => {
    const findings = new Findings();
    for (const [id, switches] of history.switches) {
      const endpoint = history.subscriptions.get(id)?.endpoint;
      const requests = endpoint === undefined ? [] : history.requestsAt(endpoint);
      for (const { to, at } of switches) {
        if (to === 'active' || at === null) continue;
        const enabledAt = Math.min(
          ...switches.filter((each) => each.to === 'active' && each.asked >= at).map(({ asked }) => asked),
        );
        // A process that a fault had stopped learns of the change when it runs again.
        const stopped = history.faults.filter((fault) => fault.at <= at + propagationMs && fault.until >= at);
        const deadline = Math.max(at, ...stopped.map(({ until }) => until + takeoverMs)) + propagationMs;
        const late = requests.filter((request) => request.at > deadline && request.at < enabledAt);
        findings.expect(
          late.length === 0,
          () => `${late.length} requests arrived at ${id} more than ${propagationMs} ms after it was ${to}`,
        );
      }
    }
    return findings;
  },
};

const concurrencyFaults = (
  history: RunHistory,
  { id, endpoint, maxInFlight }: SubscriptionRecord,
): string[] => {
  const changes = history
    .requestsAt(endpoint)
    .flatMap(({ at, endedAt }) => [
      { at, by: 1 },
      { at: endedAt, by: -1 },
    ])
    .toSorted((a, b) => a.at - b.at || a.by - b.by);
  let open = 0;
  const faults: string[] = [];
  for (const { at, by } of changes) {
    open += by;
    const allowed = maxInFlight * (1 + history.repeatingBetween(at - takeoverMs, at));
    if (by === 1 && open > allowed) faults.push(`${open} requests at once at ${id}, ${allowed} are allowed`);
  }
  return faults;
};

const windowMs = 5_000;

const rateFaults = (history: RunHistory, subscription: SubscriptionRecord): string[] => {
  const { id, endpoint, ratePerSecond, rateBurst } = subscription;
  if (ratePerSecond === null) return [];
  const times = history.requestsAt(endpoint).map(({ at }) => at);
  let first = 0;
  const faults: string[] = [];
  for (const [index, at] of times.entries()) {
    while ((times[first] ?? at) <= at - windowMs) first += 1;
    // Requests reach the endpoint a little later or earlier than they were let go: one of each second.
    const inOne = rateBurst + ratePerSecond * (windowMs / 1_000) + windowMs / 1_000;
    const allowed = inOne * (1 + history.repeatingBetween(at - takeoverMs, at));
    const sent = index - first + 1;
    if (sent > allowed)
      faults.push(`${sent} requests within ${windowMs} ms at ${id}, ${allowed} are allowed`);
  }
  return faults;
};

/** C12: concurrency and rate of each subscription. While a partition changes its owner, both may use the limit. */
export const limitsKept: Check = {
  id: 'C12',
  title: 'rate and in-flight limits',
  judge: (history) => {
    const subscriptions = [...history.subscriptions.values()];
    const violations = subscriptions.flatMap((each) => [
      ...concurrencyFaults(history, each),
      ...rateFaults(history, each),
    ]);
    return { checked: history.requests.length, violations };
  },
};
