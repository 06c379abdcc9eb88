import type { WorkspaceId } from '@tidings/contracts';
import { BoundedMap, type Clock } from '@tidings/runtime';

/** The creations that a count allows without another. `most`: the limit of the workspace at the time. */
type Allowance = { creations: number; readonly most: number; readonly untilMs: number };

// Ten instances that create at once, each after a count of its own, still keep the limit.
const shareOfRoom = 10;
const validMs = 10_000;
const maxWorkspaces = 10_000;

/**
 * Tells whether a workspace has room for one more subscription, without counting them for each creation: a count reads as many
 * rows as there are, so 10,000 creations with a count each would read 50 million. A count allows a tenth of the room that it
 * found, within 10 s. Near the limit, where a tenth is less than one, each creation counts.
 */
export class Headroom {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #allowances = new BoundedMap<WorkspaceId, Allowance>(maxWorkspaces);

  constructor(clock: Pick<Clock, 'monotonicMs'>) {
    this.#clock = clock;
  }

  /** Returns false if the workspace has `most` subscriptions; `count` returns how many it has, and is called only if needed. */
  async hasRoom(workspace: WorkspaceId, most: number, count: () => Promise<number>): Promise<boolean> {
    const before = this.#allowances.get(workspace);
    if (before !== undefined && this.#takes(before, most)) return true;
    const used = await count();
    // Unless another count has ended meanwhile, of whose allowance creations have taken that this one may not have seen.
    if (this.#allowances.get(workspace) === before) {
      const creations = Math.floor((most - used) / shareOfRoom);
      this.#allowances.set(workspace, { creations, most, untilMs: this.#clock.monotonicMs() + validMs });
    }
    return used < most;
  }

  #takes(allowance: Allowance, most: number): boolean {
    if (allowance.most !== most || this.#clock.monotonicMs() >= allowance.untilMs) return false;
    if (allowance.creations < 1) return false;
    allowance.creations -= 1;
    return true;
  }
}
