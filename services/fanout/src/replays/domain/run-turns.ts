type Waiting = Readonly<{ workspaceId: string; go: () => void }>;

/** The maximum number of runs at a time, of all workspaces and of one. */
export type RunLimits = Readonly<{ all: number; ofWorkspace: number }>;

/**
 * Lets a limited number of replays run at once; others wait in line. A run holds what it looks up in memory, and no
 * workspace may take the turns of all.
 */
export class RunTurns {
  readonly #limits: RunLimits;
  readonly #running = new Map<string, number>();
  readonly #waiting = new Set<Waiting>();

  constructor(limits: RunLimits) {
    this.#limits = limits;
  }

  /** Resolves with true once the run has its turn, which ends by {@link end}; with false if the signal aborts first. */
  async take(workspaceId: string, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    return new Promise((resolve) => {
      const waiting = {
        workspaceId,
        go: () => {
          signal.removeEventListener('abort', stop);
          resolve(true);
        },
      };
      const stop = (): void => {
        this.#waiting.delete(waiting);
        resolve(false);
      };
      signal.addEventListener('abort', stop, { once: true });
      this.#waiting.add(waiting);
      this.#admit();
    });
  }

  /** Ends a turn of the workspace. */
  end(workspaceId: string): void {
    const left = this.#of(workspaceId) - 1;
    if (left > 0) this.#running.set(workspaceId, left);
    else this.#running.delete(workspaceId);
    this.#admit();
  }

  #of(workspaceId: string): number {
    return this.#running.get(workspaceId) ?? 0;
  }

  #admit(): void {
    let all = 0;
    for (const count of this.#running.values()) all += count;
    for (const waiting of this.#waiting) {
      if (all >= this.#limits.all) return;
      const { workspaceId, go } = waiting;
      if (this.#of(workspaceId) >= this.#limits.ofWorkspace) continue;
      this.#waiting.delete(waiting);
      this.#running.set(workspaceId, this.#of(workspaceId) + 1);
      all += 1;
      go();
    }
  }
}
