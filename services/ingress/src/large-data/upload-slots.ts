import type { WorkspaceId } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';

/** Limits of the uploads at once: of one workspace, and in all. */
export type UploadLimits = Readonly<{ workspace: number; all: number }>;

// With S3 each holds up to 10 MiB of parts; with a folder, some chunks.
const uploadLimits: UploadLimits = { workspace: 20, all: 24 };

const retryAfterMs = 2_000;

/** The uploads of large data in progress. */
export class UploadSlots {
  readonly #limits: UploadLimits;
  readonly #byWorkspace = new Map<WorkspaceId, number>();
  #all = 0;

  constructor(limits: UploadLimits = uploadLimits) {
    this.#limits = limits;
  }

  /** Number of uploads in progress. */
  get taken(): number {
    return this.#all;
  }

  /**
   * Takes a slot; returns the function that gives it back. Throws AppError `rate-limited` if the workspace has as many as
   * it may, and `unavailable` if all are taken.
   */
  take(workspaceId: WorkspaceId): () => void {
    const own = this.#byWorkspace.get(workspaceId) ?? 0;
    if (own >= this.#limits.workspace) throw full('rate-limited', `${own} large events of your workspace`);
    if (this.#all >= this.#limits.all) throw full('unavailable', `${this.#all} large events`);
    this.#byWorkspace.set(workspaceId, own + 1);
    this.#all += 1;
    return () => {
      this.#all -= 1;
      const left = (this.#byWorkspace.get(workspaceId) ?? 1) - 1;
      if (left === 0) this.#byWorkspace.delete(workspaceId);
      else this.#byWorkspace.set(workspaceId, left);
    };
  }
}

const full = (code: 'rate-limited' | 'unavailable', what: string): AppError => {
  const message = `${what} are being received, the maximum: nothing was written. Repeat the request later.`;
  return new AppError({ code, message, isPublic: true, retryAfterMs });
};
