import {
  type JobOrdered,
  type JobProgressed,
  type JobRecord,
  type LiveHoldChanged,
  replayChainOf,
} from '@tidings/contracts';

/** One job as its topic describes it: the newest order, and the newest progress of any worker. */
export type ReplayJob = Readonly<{ order: JobOrdered<'replay'>; progress: JobProgressed | null }>;

const ended = new Set<string>(['done', 'cancelled', 'failed']);

/** Returns true while work may remain. */
export const isOpen = ({ progress }: ReplayJob): boolean => progress === null || !ended.has(progress.state);

/** Returns a change of the hold of a replay on live events; null for a replay that holds none. */
export const liveHoldOf = (
  { order }: Pick<ReplayJob, 'order'>,
  state: LiveHoldChanged['state'],
): LiveHoldChanged | null => {
  const { holdLive, target, dryRun } = order.spec;
  if (!holdLive || dryRun === true || target.kind !== 'subscription') return null;
  const { subscriptionId } = target;
  return { type: 'LiveHoldChanged.v1', subscriptionId, chain: replayChainOf(order), state };
};

/** The jobs of one partition of the topic, folded from its records in any order and any number of reads. */
export class ReplayJobs {
  readonly #orders = new Map<string, JobOrdered<'replay'>>();
  readonly #progress = new Map<string, JobProgressed>();

  apply(record: JobRecord): void {
    if (record.type === 'JobProgressed.v1') {
      const known = this.#progress.get(record.jobId);
      // Two workers may overlap in a rebalance: what has ended stays so.
      if (known !== undefined && ended.has(known.state)) return;
      this.#progress.set(record.jobId, record);
      return;
    }
    const known = this.#orders.get(record.jobId);
    if (known === undefined || known.revision < record.revision) this.#orders.set(record.jobId, record);
  }

  remove(jobId: string): void {
    this.#orders.delete(jobId);
    this.#progress.delete(jobId);
  }

  get(jobId: string): ReplayJob | undefined {
    const order = this.#orders.get(jobId);
    return order === undefined ? undefined : { order, progress: this.#progress.get(jobId) ?? null };
  }

  /** The jobs with work left, the oldest first. */
  open(): readonly ReplayJob[] {
    return [...this.#orders.keys()]
      .flatMap((id) => this.get(id) ?? [])
      .filter(isOpen)
      .toSorted((a, b) => a.order.createdAtMs - b.order.createdAtMs);
  }
}
