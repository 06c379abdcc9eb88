import type { DeadLetterRef, SubscriptionId } from '@tidings/contracts';
import {
  type Content,
  type DeadLetter,
  type DeadLetterState,
  letterKey,
} from '../src/dead-letters/domain/dead-letter.ts';
import { matches } from '../src/dead-letters/domain/dead-letter-filters.ts';
import type { DeadLetterJob, Stretch } from '../src/dead-letters/domain/dead-letter-job.ts';
import type {
  DeadLetterCount,
  DeadLetterStore,
  JobStore,
  JobWalls,
  LetterPosition,
} from '../src/dead-letters/ports.ts';

const isIn =
  ({ place }: DeadLetter) =>
  ({ partition, next, end }: Stretch): boolean =>
    place.partition === partition && place.offset >= next && place.offset < end;

const placeOf = (letter: DeadLetter): LetterPosition => ({
  recordedAtMs: letter.recordedAtMs,
  key: letterKey(letter.ref),
});

const newestFirst = (a: LetterPosition, b: LetterPosition): number =>
  b.recordedAtMs - a.recordedAtMs || (a.key < b.key ? 1 : -Number(a.key > b.key));

const counted = (letters: readonly DeadLetter[]): DeadLetterCount[] => {
  const counts = new Map<string, DeadLetterCount>();
  for (const { ref, reason, state, recordedAtMs } of letters) {
    const name = `${ref.kind} ${reason} ${state}`;
    const known = counts.get(name) ?? { kind: ref.kind, reason, state, count: 0, oldestAtMs: recordedAtMs };
    const oldestAtMs = Math.min(known.oldestAtMs, recordedAtMs);
    counts.set(name, { ...known, count: known.count + 1, oldestAtMs });
  }
  return [...counts.values()];
};

const unsettled: readonly DeadLetterState[] = ['waiting', 'redriving'];

/** Dead letters in memory. `fail` makes the next calls reject; `all` shows what is kept. */
export const createMemoryLetterStore = (): DeadLetterStore & {
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
    to: (letter: DeadLetter) => DeadLetter,
  ): number => {
    let changed = 0;
    for (const key of refs.map(letterKey)) {
      const letter = kept.get(key);
      if (letter === undefined || !from.includes(letter.state)) continue;
      kept.set(key, to(letter));
      changed += 1;
    }
    return changed;
  };
  return {
    all: () => [...kept.values()],
    fail: (error, times) => {
      failures = Array.from({ length: times }, () => error);
    },
    insert: async (letters) => {
      ready();
      const fresh = letters.filter(({ letter }) => !kept.has(letterKey(letter.ref)));
      for (const { letter, content } of fresh) {
        kept.set(letterKey(letter.ref), letter);
        contents.set(letterKey(letter.ref), content);
      }
      return fresh.map(({ letter }) => letter);
    },
    read: async (refs) => {
      ready();
      return refs.flatMap((ref) => kept.get(letterKey(ref)) ?? []);
    },
    readContents: async (refs) => {
      ready();
      return new Map(
        refs.map(letterKey).flatMap((key) => {
          const content = contents.get(key);
          return content === undefined ? [] : [[key, content] as const];
        }),
      );
    },
    find: async (filters) => {
      ready();
      return [...kept.values()].find((letter) => matches(letter, filters)) ?? null;
    },
    list: async (filters, { limit, after }) => {
      ready();
      return [...kept.values()]
        .filter((letter) => matches(letter, filters))
        .toSorted((a, b) => newestFirst(placeOf(a), placeOf(b)))
        .filter((letter) => after === null || newestFirst(after, placeOf(letter)) < 0)
        .slice(0, limit);
    },
    listInOrder: async (filters, stretch, limit) => {
      ready();
      return [...kept.values()]
        .filter((letter) => matches(letter, filters) && isIn(letter)(stretch))
        .toSorted((a, b) => a.place.offset - b.place.offset)
        .slice(0, limit);
    },
    count: async (filters) => counted([...kept.values()].filter((letter) => matches(letter, filters))),
    countWaiting: async () => counted([...kept.values()].filter(({ state }) => unsettled.includes(state))),
    countBySubscription: async (filters, stretches) => {
      ready();
      const counts = new Map<SubscriptionId | null, number>();
      for (const letter of kept.values()) {
        if (!matches(letter, filters) || stretches?.some(isIn(letter)) === false) continue;
        counts.set(letter.subscriptionId, (counts.get(letter.subscriptionId) ?? 0) + 1);
      }
      return counts;
    },
    take: async (some) => {
      ready();
      for (const { ref, taken } of some) {
        change([ref], ['waiting'], (letter) => ({ ...letter, state: 'redriving', taken }));
      }
    },
    letGo: async (jobId) => {
      ready();
      const held = [...kept.values()].filter(({ taken }) => taken?.jobId === jobId);
      const refs = held.map(({ ref }) => ref);
      change(refs, ['redriving'], (letter) => ({ ...letter, state: 'waiting', taken: null }));
    },
    settle: async (refs, { how, by, reason, atMs }) => {
      ready();
      return change(refs, unsettled, (letter) => ({ ...letter, state: how, settled: { atMs, by, reason } }));
    },
    settleFrom: async (facts) => {
      ready();
      for (const { ref, how, by, reason, atMs, chain } of facts) {
        change([ref], unsettled, (letter) => ({
          ...letter,
          state: how,
          settled: { atMs, by, reason },
          taken: chain === null ? letter.taken : { jobId: letter.taken?.jobId ?? '', chain },
        }));
      }
    },
    markDelivered: async (refs) => {
      ready();
      change(refs, [...unsettled, 'redriven'], (letter) => ({ ...letter, state: 'delivered' }));
    },
    purge: async (recordedBeforeMs, limit) => {
      ready();
      const expired = [...kept.values()].filter(({ recordedAtMs }) => recordedAtMs < recordedBeforeMs);
      for (const { ref } of expired.slice(0, limit)) {
        kept.delete(letterKey(ref));
        contents.delete(letterKey(ref));
      }
      return Math.min(limit, expired.length);
    },
  };
};

const isBefore = (a: DeadLetterJob, b: Pick<DeadLetterJob, 'createdAtMs' | 'id'>): boolean =>
  a.createdAtMs < b.createdAtMs || (a.createdAtMs === b.createdAtMs && a.id < b.id);

const canSee = (job: DeadLetterJob, { workspaceId, ownerId }: JobWalls): boolean =>
  job.workspaceId === workspaceId && (ownerId === null || job.ownerId === ownerId);

/** Jobs in memory. */
export const createMemoryJobStore = (): JobStore & { all(): readonly DeadLetterJob[] } => {
  const kept = new Map<string, DeadLetterJob>();
  const set = (id: string, isFrom: (job: DeadLetterJob) => boolean, fields: Partial<DeadLetterJob>) => {
    const job = kept.get(id);
    if (job === undefined || !isFrom(job)) return false;
    kept.set(id, { ...job, ...fields });
    return true;
  };
  return {
    all: () => [...kept.values()],
    insert: async (job) => {
      if (kept.has(job.id)) return false;
      kept.set(job.id, job);
      return true;
    },
    find: async (id, walls) => {
      const job = kept.get(id);
      return job !== undefined && canSee(job, walls) ? job : null;
    },
    findAnywhere: async (id) => kept.get(id) ?? null,
    list: async (walls, { limit, after }) =>
      [...kept.values()]
        .filter((job) => canSee(job, walls) && (after === null || isBefore(job, after)))
        .toSorted((a, b) => (isBefore(a, b) ? 1 : -1))
        .slice(0, limit),
    known: async (ids) => new Set(ids.filter((id) => kept.has(id))),
    listDue: async (nowMs, limit) =>
      [...kept.values()]
        .filter(({ isOpen, claimedUntilMs }) => isOpen && claimedUntilMs < nowMs)
        .toSorted((a, b) => a.claimedUntilMs - b.claimedUntilMs)
        .slice(0, limit),
    claim: async (job, claim) => set(job.id, (one) => one.claim === job.claim && one.isOpen, claim),
    save: async (job) => {
      const from = job.state === 'cancelled' ? 'cancelled' : 'running';
      return set(job.id, ({ claim, state }) => claim === job.claim && state === from, job);
    },
    cancel: async (id, endedAtMs) =>
      set(id, ({ state }) => state === 'running', { state: 'cancelled', endedAtMs }),
    purge: async (endedBeforeMs, limit) => {
      const ended = [...kept.values()].filter(
        ({ isOpen, endedAtMs }) => !isOpen && endedAtMs !== null && endedAtMs < endedBeforeMs,
      );
      for (const { id } of ended.slice(0, limit)) kept.delete(id);
      return Math.min(limit, ended.length);
    },
  };
};
