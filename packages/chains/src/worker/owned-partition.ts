import { encodeEpoch, type RunCommand, type RunEvent } from '@tidings/contracts';
import type { Assignment, Completion } from '@tidings/kafka';
import { AppError, backoffMs, messageOf, sleep } from '@tidings/runtime';
import type { Handler } from '../handlers/handler.ts';
import { type RestoredRun, type RestoredRunLog, restoreRunLog } from '../log/restore-run-log.ts';
import { RunLogWriter } from '../log/run-log-writer.ts';
import { PartitionRuns } from '../runs/partition-runs.ts';
import type { WorkerParts } from './worker-parts.ts';

/** Something to be done in a partition, until its effect is acknowledged. */
export type Work =
  | Readonly<{
      kind: 'event';
      handlers: readonly Handler[];
      event: RunEvent;
      data: string;
      completion: Completion;
    }>
  | Readonly<{ kind: 'command'; command: RunCommand; completion: Completion }>;

type Options = Readonly<{
  parts: WorkerParts;
  partition: number;
  /** Returns the offset from which events start runs; see `restoreRunLog`. */
  fromOffset: (assignment: Assignment, known: bigint | undefined) => Promise<bigint>;
  /** Returns true if the worker is a member of its group, and the group gives it the partition. */
  isAssigned: () => boolean;
}>;

// Brokers return whole batches: a state that is read again comes with all that were written together with it.
const rewriteAtOnce = 100;
const removeAtOnce = 500;
// Of states, each at most as large as a record. They are in memory until they are acknowledged.
const rewriteBytes = 4_194_304;
const reopenBackoff = { baseMs: 250, maxMs: 10_000, random: Math.random };
/**
 * Wait before a partition is taken back from another worker, besides the backoff. A member learns within 6 s that its group
 * has given its partitions to others. Without the wait, one that has not learnt it yet and the new owner would take the
 * partition from each other, each time with every run written again.
 */
const takenOverMs = 10_000;
const takenOverBackoff = { baseMs: 5_000, maxMs: 300_000, random: Math.random };
/** Time in which a partition is kept, after which the backoff begins anew. */
const keptMs = 600_000;

const isTakenOver = (error: unknown): boolean => error instanceof AppError && error.code === 'closed';

/** Returns runs in parts that are written again together: bounded in number and in bytes. */
function* partsToRewrite(runs: readonly RestoredRun[]): Generator<readonly RestoredRun[]> {
  let part: RestoredRun[] = [];
  let bytes = 0;
  for (const run of runs) {
    if (part.length === rewriteAtOnce || (part.length > 0 && bytes + run.bytes > rewriteBytes)) {
      yield part;
      part = [];
      bytes = 0;
    }
    part.push(run);
    bytes += run.bytes;
  }
  if (part.length > 0) yield part;
}

/**
 * One partition for as long as this worker owns it: `restoring → open → closed`, and `open → restoring` when another
 * worker has taken it over although the group has assigned it to this one.
 */
export class OwnedPartition {
  readonly #options: Options;
  readonly #closing = new AbortController();
  /** Work whose effect is not acknowledged, in order. */
  readonly #unfinished = new Set<Work>();
  #runs: PartitionRuns | undefined;
  #writer: RunLogWriter | undefined;
  #fromOffset = 0n;
  /** Losses and failed tries to restore, the last of them not long ago. */
  #losses = 0;
  #openedAtMs = 0;
  #assignment: Assignment | undefined;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Runs in memory, those that are remembered after their end included. */
  get runs(): PartitionRuns | undefined {
    return this.#runs;
  }

  /** Restores the runs of the partition, and continues them. Rejects if the brokers do not respond. */
  async open(assignment: Assignment): Promise<void> {
    const { parts, partition } = this.#options;
    const { bus, producer, owner, topics, clock, logger, metrics } = parts;
    this.#assignment = assignment;
    const beganMs = clock.monotonicMs();
    const restored = await restoreRunLog({
      bus,
      producer,
      runLog: topics.runLog,
      partition,
      owner,
      fromOffset: async (known) => this.#options.fromOffset(assignment, known),
      nowMs: clock.nowMs,
      logger,
    });
    if (this.#closing.signal.aborted) return;
    const { epoch, nextOffset } = restored;
    const writer = new RunLogWriter({
      ...{ bus, producer, runLog: topics.runLog, partition, epoch, nextOffset },
      onRepeated: (key, offset) => runs.repeated(key, offset),
    });
    const runs: PartitionRuns = new PartitionRuns({
      parts,
      writer,
      onLost: (error) => this.#onLost(runs, error),
    });
    this.#writer = writer;
    this.#runs = runs;
    this.#fromOffset = restored.fromOffset;
    this.#openedAtMs = clock.monotonicMs();
    metrics.restores.inc({ cause: this.#losses === 0 ? 'assigned' : 'taken-over' });
    const tookMs = Math.round(clock.monotonicMs() - beganMs);
    logger.info({ partition, epoch, runs: restored.runs.length, tookMs }, 'runs.restored');
    runs.adopt(restored.runs);
    for (const work of this.#unfinished) void this.#carryOut(work);
    void this.#settle(runs, writer, restored);
  }

  /** Takes work. It is done when its effect is acknowledged; if that never happens, the next owner gets it again. */
  accept(work: Work): void {
    if (work.kind === 'event' && BigInt(work.event.offset) < this.#fromOffset) {
      work.completion.done();
      return;
    }
    this.#unfinished.add(work);
    void this.#carryOut(work);
  }

  /** Resolves when everything that has happened is acknowledged. */
  async flush(): Promise<void> {
    await this.#writer?.flush();
  }

  /** Drops the runs and aborts their attempts. */
  close(): void {
    this.#closing.abort();
    this.#unfinished.clear();
    this.#runs?.close(new Error('the worker stops, or another one carries the run out now'));
  }

  async #carryOut(work: Work): Promise<void> {
    const runs = this.#runs;
    if (runs === undefined) return;
    try {
      if (work.kind === 'command') await runs.command(work.command);
      else
        await Promise.all(work.handlers.map(async (handler) => runs.start(handler, work.event, work.data)));
    } catch (error) {
      // The runs were lost: the work is carried out again after they are restored. It holds its offset until then.
      if (this.#runs === runs && !this.#closing.signal.aborted) {
        const { partition, parts } = this.#options;
        parts.logger.error({ partition, kind: work.kind, detail: messageOf(error) }, 'work.not-carried-out');
      }
      return;
    }
    this.#unfinished.delete(work);
    work.completion.done();
  }

  #onLost(runs: PartitionRuns, error: unknown): void {
    if (this.#runs !== runs) return;
    const { partition, parts } = this.#options;
    this.#runs = undefined;
    runs.close(new Error('another worker has taken the run over'));
    parts.logger.warn({ partition, detail: messageOf(error) }, 'runs.lost');
    if (parts.clock.monotonicMs() - this.#openedAtMs > keptMs) this.#losses = 0;
    void this.#reopen(error);
  }

  /** Restores the partition after a loss, if the group still gives it to this worker. */
  async #reopen(cause: unknown): Promise<void> {
    const { parts, partition, isAssigned } = this.#options;
    const { signal } = this.#closing;
    while (this.#assignment !== undefined) {
      this.#losses += 1;
      const attempt = this.#losses;
      const waitMs = isTakenOver(cause)
        ? takenOverMs + backoffMs({ attempt, ...takenOverBackoff })
        : backoffMs({ attempt, ...reopenBackoff });
      await sleep(parts.clock, waitMs, signal);
      if (signal.aborted) return;
      if (!isAssigned()) continue;
      try {
        await this.open(this.#assignment);
        return;
      } catch (error) {
        parts.logger.error({ partition, detail: messageOf(error) }, 'runs.not-restored');
      }
    }
  }

  /** Writes what was restored again in this epoch, then removes what that has made void. */
  async #settle(runs: PartitionRuns, writer: RunLogWriter, restored: RestoredRunLog): Promise<void> {
    const { partition, parts } = this.#options;
    try {
      // The newest first: if this worker ends as well, those whose copies may be missing are still among the last.
      for (const part of partsToRewrite(restored.runs)) {
        await Promise.all(part.map(async ({ summary }) => runs.rewrite(summary.runId)));
      }
      await writer.append([encodeEpoch({ type: 'EpochSettled.v1', epoch: writer.epoch })]);
      runs.settled();
      const tombstones = restored.oldKeys.map((key) => ({ key, headers: {}, value: null }));
      for (let at = 0; at < tombstones.length; at += removeAtOnce) {
        await writer.append(tombstones.slice(at, at + removeAtOnce));
      }
    } catch (error) {
      if (this.#runs !== runs || this.#closing.signal.aborted) return;
      parts.logger.warn({ partition, detail: messageOf(error) }, 'runs.not-settled');
      this.#onLost(runs, error);
    }
  }
}
