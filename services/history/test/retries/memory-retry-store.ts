import type { RequestedRetry, RetryStore } from '../../src/retries/ports.ts';

/** Requested retries in memory; `all` returns them. */
export const createMemoryRetryStore = (): RetryStore & { all(): readonly RequestedRetry[] } => {
  const kept = new Map<string, RequestedRetry>();
  return {
    all: () => [...kept.values()],
    find: async (key) => kept.get(key) ?? null,
    replace: async (key, previous, retry) => {
      const known = kept.get(key);
      if (known?.runId !== previous?.runId || known?.chain !== previous?.chain) return false;
      kept.set(key, retry);
      return true;
    },
    purge: async (requestedBeforeMs, limit) => {
      const expired = [...kept].filter(([, { atMs }]) => atMs < requestedBeforeMs).slice(0, limit);
      for (const [key] of expired) kept.delete(key);
      return expired.length;
    },
  };
};
