import { isDeepStrictEqual } from 'node:util';
import type { DeadLetterRef, SubscriptionId } from '@tidings/contracts';
import {
  type Content,
  type DeadLetter,
  type DeadLetterState,
  deadLetterKey,
} from '../../src/dead-letters/domain/dead-letter.ts';
import { matches } from '../../src/dead-letters/domain/dead-letter-filters.ts';
import type { OffsetRange } from '../../src/dead-letters/domain/dead-letter-job.ts';
import { erasedDeadLetter } from '../../src/dead-letters/domain/erase-dead-letter.ts';
import type { DeadLetterCount, DeadLetterPosition, DeadLetterStore } from '../../src/dead-letters/ports.ts';
import { countUndelivered } from '../deliveries/count-undelivered.ts';

const isIn =
  ({ position }: DeadLetter) =>
  ({ partition, next, end }: OffsetRange): boolean =>
    position.partition === partition && position.offset >= next && position.offset < end;

const placeOf = (deadLetter: DeadLetter): DeadLetterPosition => ({
  recordedAtMs: deadLetter.recordedAtMs,
  key: deadLetterKey(deadLetter.ref),
});

const newestFirst = (a: DeadLetterPosition, b: DeadLetterPosition): number =>
  b.recordedAtMs - a.recordedAtMs || (a.key < b.key ? 1 : -Number(a.key > b.key));

const counted = (deadLetters: readonly DeadLetter[]): DeadLetterCount[] => {
  const counts = new Map<string, DeadLetterCount>();
  for (const { ref, reason, state, recordedAtMs } of deadLetters) {
    const name = `${ref.kind} ${reason} ${state}`;
    const known = counts.get(name) ?? { kind: ref.kind, reason, state, count: 0, oldestAtMs: recordedAtMs };
    const oldestAtMs = Math.min(known.oldestAtMs, recordedAtMs);
    counts.set(name, { ...known, count: known.count + 1, oldestAtMs });
  }
  return [...counts.values()];
};

const unsettled: readonly DeadLetterState[] = ['waiting', 'redriving'];

/** Dead letters in memory. `fail` makes the next calls reject; `all` returns the stored ones. */
export const createMemoryDeadLetterStore = (): DeadLetterStore & {
  all(): readonly DeadLetter[];
  fail(error: Error, times: number): void;
} => {
  const kept = new Map<string, DeadLetter>();
  const contents = new Map<string, Content>();
  let failures: Error[] = [];
  const ready = (): void => {
    const error = failures.pop();
    if (error !== undefined) throw error;
  };
  const change = (
    refs: readonly DeadLetterRef[],
    from: readonly DeadLetterState[],
    to: (deadLetter: DeadLetter) => DeadLetter,
  ): number => {
    let changed = 0;
    for (const key of refs.map(deadLetterKey)) {
      const deadLetter = kept.get(key);
      if (deadLetter === undefined || !from.includes(deadLetter.state)) continue;
      kept.set(key, to(deadLetter));
      changed += 1;
    }
    return changed;
  };
  return {
    all: () => [...kept.values()],
    fail: (error, times) => {
      failures = Array.from({ length: times }, () => error);
    },
    insert: async (deadLetters) => {
      ready();
      const fresh = deadLetters.filter(({ deadLetter }) => !kept.has(deadLetterKey(deadLetter.ref)));
      for (const { deadLetter, content } of fresh) {
        kept.set(deadLetterKey(deadLetter.ref), deadLetter);
        contents.set(deadLetterKey(deadLetter.ref), content);
      }
      return fresh.map(({ deadLetter }) => deadLetter);
    },
    read: async (refs) => {
      ready();
      return refs.flatMap((ref) => kept.get(deadLetterKey(ref)) ?? []);
    },
    readContents: async (refs) => {
      ready();
      return new Map(
        refs.map(deadLetterKey).flatMap((key) => {
          const content = contents.get(key);
          return content === undefined ? [] : [[key, content] as const];
        }),
      );
    },
    erase: async (refs) => {
      ready();
      for (const key of refs.map(deadLetterKey)) {
        const deadLetter = kept.get(key);
        if (deadLetter === undefined) continue;
        kept.set(key, erasedDeadLetter(deadLetter));
        contents.set(key, { kind: 'erased' });
      }
    },
    find: async (filters) => {
      ready();
      return [...kept.values()].find((deadLetter) => matches(deadLetter, filters)) ?? null;
    },
    list: async (filters, { limit, after }) => {
      ready();
      return [...kept.values()]
        .filter((deadLetter) => matches(deadLetter, filters))
        .toSorted((a, b) => newestFirst(placeOf(a), placeOf(b)))
        .filter((deadLetter) => after === null || newestFirst(after, placeOf(deadLetter)) < 0)
        .slice(0, limit);
    },
    listInOrder: async (filters, range, limit) => {
      ready();
      return [...kept.values()]
        .filter((deadLetter) => matches(deadLetter, filters) && isIn(deadLetter)(range))
        .toSorted((a, b) => a.position.offset - b.position.offset)
        .slice(0, limit);
    },
    count: async (filters) =>
      counted([...kept.values()].filter((deadLetter) => matches(deadLetter, filters))),
    countWaiting: async () => counted([...kept.values()].filter(({ state }) => unsettled.includes(state))),
    countUndelivered: async (filters, limit) =>
      countUndelivered(
        [...kept.values()]
          .flatMap((deadLetter) => {
            const { subscriptionId, consumerId, reason, lastError, lastStatusCode, recordedAtMs } =
              deadLetter;
            const isOne = deadLetter.ref.kind === 'delivery' && unsettled.includes(deadLetter.state);
            if (!isOne || subscriptionId === null || !matches(deadLetter, filters)) return [];
            const times = { oldestAtMs: recordedAtMs, nextAttemptAtMs: null };
            const why = { status: 'dead_lettered', reason, lastReason: lastError, lastStatusCode } as const;
            return [{ subscriptionId, consumerId, ...why, ...times }];
          })
          .slice(0, limit),
      ),
    countBySubscription: async (filters, ranges) => {
      ready();
      const counts = new Map<SubscriptionId | null, number>();
      for (const deadLetter of kept.values()) {
        if (!matches(deadLetter, filters) || ranges?.some(isIn(deadLetter)) === false) continue;
        counts.set(deadLetter.subscriptionId, (counts.get(deadLetter.subscriptionId) ?? 0) + 1);
      }
      return counts;
    },
    take: async (some) => {
      ready();
      for (const { ref, taken } of some) {
        change([ref], ['waiting'], (deadLetter) => ({ ...deadLetter, state: 'redriving', taken }));
      }
    },
    release: async (jobId) => {
      ready();
      const held = [...kept.values()].filter(({ taken }) => taken?.jobId === jobId);
      const refs = held.map(({ ref }) => ref);
      change(refs, ['redriving'], (deadLetter) => ({ ...deadLetter, state: 'waiting', taken: null }));
    },
    settle: async (refs, { how, by, reason, atMs }) => {
      ready();
      change(refs, unsettled, (deadLetter) => ({ ...deadLetter, state: how, settled: { atMs, by, reason } }));
      return refs.filter((ref) => {
        const deadLetter = kept.get(deadLetterKey(ref));
        return deadLetter?.state === how && isDeepStrictEqual(deadLetter.settled, { atMs, by, reason });
      }).length;
    },
    settleFrom: async (events) => {
      ready();
      for (const { ref, how, by, reason, atMs, chain, jobId } of events) {
        const settle = (deadLetter: DeadLetter): DeadLetter => ({
          ...deadLetter,
          settled: { atMs, by, reason },
          taken:
            chain === null && jobId === undefined
              ? deadLetter.taken
              : {
                  jobId: jobId ?? deadLetter.taken?.jobId ?? '',
                  chain: chain ?? deadLetter.taken?.chain ?? 0,
                },
        });
        change([ref], unsettled, (deadLetter) => ({ ...settle(deadLetter), state: how }));
        if (how === 'discarded') continue;
        change([ref], ['delivered'], (deadLetter) =>
          deadLetter.settled === null ? settle(deadLetter) : deadLetter,
        );
      }
    },
    markDelivered: async (refs) => {
      ready();
      change(refs, [...unsettled, 'redriven'], (deadLetter) => ({ ...deadLetter, state: 'delivered' }));
    },
    workspaces: async () => {
      ready();
      return [...new Set([...kept.values()].map(({ workspaceId }) => workspaceId))];
    },
    purge: async (workspace, beforeMs, limit) => {
      ready();
      const expired = [...kept.values()].filter(
        ({ workspaceId, recordedAtMs }) => workspaceId === workspace && recordedAtMs < beforeMs,
      );
      for (const { ref } of expired.slice(0, limit)) {
        kept.delete(deadLetterKey(ref));
        contents.delete(deadLetterKey(ref));
      }
      return Math.min(limit, expired.length);
    },
  };
};
