import type { WorkspaceId } from '@tidings/contracts';
import type { Clock } from '@tidings/runtime';

// A list that nobody waits for any longer is of no use.
const durationMs = 3_000;
// Each keeps the database busy. One a workspace: no workspace keeps the others from it.
const maxRunning = 4;

/**
 * Bounds the lists whose filters no index serves. Each may read one step; to go on it needs a turn, of which each
 * workspace has one at a time and all together four, and 3 s at most. A list without a turn is cut short: nobody waits
 * in line, and nobody is refused.
 */
export class SearchTurns {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #running = new Set<WorkspaceId>();

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** Calls `search` with a function that says whether it may read another step. */
  async run<T>(workspaceId: WorkspaceId, search: (mayGoOn: () => boolean) => Promise<T>): Promise<T> {
    const endsAtMs = this.#clock.monotonicMs() + durationMs;
    let isOurs = false;
    const take = (): boolean => {
      if (this.#running.size >= maxRunning || this.#running.has(workspaceId)) return false;
      this.#running.add(workspaceId);
      isOurs = true;
      return true;
    };
    try {
      return await search(() => this.#clock.monotonicMs() < endsAtMs && (isOurs || take()));
    } finally {
      if (isOurs) this.#running.delete(workspaceId);
    }
  }
}
