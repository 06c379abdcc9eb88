import type { BreakerOpened } from '@tidings/contracts';
import type { TenantScope } from '../../domain/tenant-scope.ts';

/** A circuit breaker that is not closed. `half-open`: its time has passed, and the next command is a probe. */
export type OpenBreaker = BreakerOpened & Readonly<{ state: 'open' | 'half-open' }>;

/**
 * Time after its probe is due for which an open breaker is believed. An endpoint that is in use has been tried by then,
 * and the result is a new record. A process that died leaves its breakers open in the topic; its successor starts with
 * closed ones and writes only when they change.
 */
export const believedMs = 5 * 60_000;

/** Returns the breakers that are not closed, those that failed first at the beginning. */
export const openBreakers = (records: Iterable<BreakerOpened>, nowMs: number): readonly OpenBreaker[] =>
  [...records]
    .filter(({ probeAtMs }) => nowMs < probeAtMs + believedMs)
    .map((record) => ({
      ...record,
      state: nowMs < record.probeAtMs ? ('open' as const) : ('half-open' as const),
    }))
    .toSorted((a, b) => a.sinceMs - b.sinceMs || (a.subscriptionId < b.subscriptionId ? -1 : 1));

/** Returns those of a workspace and, if the caller is limited to one, of its consumer. */
export const breakersOf = (
  breakers: readonly OpenBreaker[],
  { workspaceId, ownerId }: TenantScope,
): readonly OpenBreaker[] =>
  breakers.filter(
    (breaker) => breaker.workspaceId === workspaceId && (ownerId === null || breaker.consumerId === ownerId),
  );
