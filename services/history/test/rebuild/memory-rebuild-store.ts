import type { Rebuild } from '../../src/rebuild/domain/rebuild.ts';
import type { RebuildStore } from '../../src/rebuild/ports.ts';

/** The state of a rebuild in memory; `clear` is the function that removes the documents. */
export const createMemoryRebuildStore = (
  clear: (rebuild: Pick<Rebuild, 'keepOlder'>) => void = () => {},
): RebuildStore => {
  let state: Rebuild | null = null;
  let aliveAtMs = 0;
  return {
    find: async () => (state === null ? null : { rebuild: state, aliveAtMs }),
    save: async (rebuild) => {
      state = rebuild;
    },
    keepAlive: async (nowMs) => {
      aliveAtMs = nowMs;
    },
    end: async () => {
      state = null;
    },
    count: async () => ({}),
    clear: async (rebuild) => clear(rebuild),
  };
};
