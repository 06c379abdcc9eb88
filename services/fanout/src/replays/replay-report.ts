import type { JobProgressed, JobState } from '@tidings/contracts';
import type { Clock } from '@tidings/runtime';
import type { ReplayJob } from './domain/replay-job.ts';
import type { ReplayOutput, Span } from './ports.ts';

/**
 * matched: events × subscriptions that the replay covers. sent: commands written. skipped: matched, but delivered or
 * under way (`missing`). disabled: not matched because the subscription is disabled. erased: left out because the data
 * is erased. repeats: further records of an
 * event that the log holds more than once. to_send: what a dry run would have sent.
 */
export type ReplayCounts = Record<
  'matched' | 'sent' | 'skipped' | 'disabled' | 'erased' | 'repeats' | 'to_send',
  number
>;

// Each report is a record and an update in the read model; a crash repeats what happened since the last one.
const everyMs = 500;

/** The position of a run and its counts, and the records that tell history about them. */
export class ReplayReport {
  /** The counts of what is before the checkpoint. */
  readonly #counts: ReplayCounts;
  /** Additions to them, for when the current batch is acknowledged. */
  readonly #staged: Partial<ReplayCounts>[] = [];
  readonly #job: ReplayJob;
  readonly #parts: Readonly<{ output: Pick<ReplayOutput, 'report'>; clock: Clock }>;
  readonly #startedAtMs: number;
  /** By partition: the next offset whose commands are not known to be acknowledged, and the end. */
  readonly #rest = new Map<number, { next: number; end: number }>();
  /** Offsets that are reached once the current batch is acknowledged. */
  readonly #reached = new Map<number, number>();
  #total = 0;
  #writtenMs = -Infinity;

  constructor(job: ReplayJob, parts: Readonly<{ output: Pick<ReplayOutput, 'report'>; clock: Clock }>) {
    this.#job = job;
    this.#parts = parts;
    this.#startedAtMs = job.progress?.startedAtMs ?? parts.clock.nowMs();
    const {
      matched = 0,
      sent = 0,
      skipped = 0,
      disabled = 0,
      erased = 0,
      repeats = 0,
      to_send = 0,
    } = job.progress?.counts ?? {};
    this.#counts = { matched, sent, skipped, disabled, erased, repeats, to_send };
  }

  /** Sets the span. What earlier runs have acknowledged is not part of the rest. */
  begin(span: Span): void {
    const checkpoint = this.#job.progress?.checkpoint ?? {};
    let length = 0;
    for (const [partition, { next, end }] of span) {
      const from = Math.max(next, checkpoint[String(partition)] ?? next);
      this.#rest.set(partition, { next: from, end: Math.max(end, from) });
      length += Math.max(0, end - from);
    }
    this.#total = Math.max(this.#job.progress?.total ?? 0, (this.#job.progress?.done ?? 0) + length);
  }

  get hasMore(): boolean {
    return [...this.#rest.values()].some(({ next, end }) => next < end);
  }

  /** The rest of the span. */
  rest(): Span {
    return new Map([...this.#rest].map(([partition, range]) => [partition, { ...range }]));
  }

  /**
   * Notes that what is before this offset is done, or in the batch that is sent next, and what it adds to the counts:
   * they belong to the checkpoint, so that a run that continues behind it counts nothing twice.
   */
  reached(partition: number, next: number, counts?: Partial<ReplayCounts>): void {
    this.#reached.set(partition, next);
    if (counts !== undefined) this.#staged.push(counts);
  }

  /** Moves the checkpoint to what was reached, and writes a report if the last one is old enough. */
  async acknowledged(): Promise<void> {
    for (const [partition, next] of this.#reached) {
      const range = this.#rest.get(partition);
      if (range !== undefined) range.next = Math.max(range.next, next);
    }
    this.#reached.clear();
    for (const counts of this.#staged.splice(0)) {
      for (const [name, count] of Object.entries(counts)) this.#counts[name as keyof ReplayCounts] += count;
    }
    if (this.#parts.clock.monotonicMs() - this.#writtenMs >= everyMs) await this.write('running');
  }

  async write(state: JobState): Promise<void> {
    this.#writtenMs = this.#parts.clock.monotonicMs();
    await this.#parts.output.report(this.progress(state));
  }

  progress(state: JobState, error: string | null = null): JobProgressed {
    const { order } = this.#job;
    let left = 0;
    for (const { next, end } of this.#rest.values()) left += end - next;
    const done = Math.max(0, this.#total - left);
    return {
      type: 'JobProgressed.v1',
      jobId: order.jobId,
      kind: 'replay',
      state,
      revision: order.revision,
      startedAtMs: this.#startedAtMs,
      checkpoint: Object.fromEntries([...this.#rest].map(([partition, { next }]) => [partition, next])),
      counts: { scanned: done, ...this.#counts },
      total: this.#total,
      done,
      error,
      updatedAtMs: this.#parts.clock.nowMs(),
    };
  }
}
