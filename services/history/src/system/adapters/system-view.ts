import type { OpenBreaker } from '../domain/open-breakers.ts';
import type { SystemState } from '../read-system.ts';

const isoTime = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** The maximum number of breakers that are shown. */
const maxShown = 100;

const oneBreakerView = (breaker: OpenBreaker): object => ({
  subscription_id: breaker.subscriptionId,
  workspace_id: breaker.workspaceId,
  consumer_id: breaker.consumerId,
  state: breaker.state === 'open' ? 'open' : 'half_open',
  since: isoTime(breaker.sinceMs),
  probe_at: isoTime(breaker.probeAtMs),
});

/** Formats the breakers of a workspace or consumer. */
export const breakersView = (breakers: readonly OpenBreaker[]): object => ({
  data: breakers.map(oneBreakerView),
});

const breakerCountsView = (breakers: NonNullable<SystemState['breakers']>): object => ({
  open: breakers.filter(({ state }) => state === 'open').length,
  half_open: breakers.filter(({ state }) => state === 'half-open').length,
  data: breakers.slice(0, maxShown).map(oneBreakerView),
});

/** Formats the state of the system. */
export const systemView = (state: SystemState): object => ({
  at: isoTime(state.atMs),
  hops:
    state.hops?.map(({ hop, records, oldestAtMs }) => ({
      ...{ name: hop.name, group: hop.group, topic: hop.topic.name, lag: records },
      oldest_at: isoTime(oldestAtMs),
    })) ?? null,
  retries:
    state.retries?.map(({ hop, records, due, oldestAtMs }) => ({
      ...{ topic: hop.topic.name, delay_seconds: hop.delayMs / 1_000, waiting: records, due },
      oldest_at: isoTime(oldestAtMs),
    })) ?? null,
  oldest_undelivered_at: isoTime(state.oldestAcceptedAtMs),
  breakers: state.breakers === null ? null : breakerCountsView(state.breakers),
  dead_letters:
    state.deadLetters?.map(({ kind, reason, count, oldestAtMs }) => ({
      ...{ kind, reason, waiting: count },
      oldest_at: isoTime(oldestAtMs),
    })) ?? null,
  jobs: state.jobs?.map(({ kind, state: jobState, count }) => ({ kind, state: jobState, count })) ?? null,
  errors: state.errors,
});
