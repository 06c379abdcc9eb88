import type { RunCommand, RunEvent, RunRecorded } from '@tidings/contracts';
import { Attempts } from '../attempts/attempts.ts';
import { advance, conclude, decide } from '../domain/decide.ts';
import type { RunFact } from '../domain/run-fact.ts';
import type { Handler } from '../handlers/handler.ts';
import type { RestoredRun } from '../log/restore-run-log.ts';
import type { RunLogWriter } from '../log/run-log-writer.ts';
import type { WorkerParts } from '../worker/worker-parts.ts';
import { DueRuns } from './due-runs.ts';
import { EndedRuns } from './ended-runs.ts';
import { inOrderOfJoining, KeyOrder } from './key-order.ts';
import { MissingCode } from './missing-code.ts';
import { RunCommands } from './run-commands.ts';
import { RunEntry } from './run-entry.ts';
import { RunStarts } from './run-starts.ts';
import { RunStore } from './run-store.ts';

/** Wait for which it is worth to read the state of a run again. */
const longWaitMs = 10_000;

type Options = Readonly<{
  parts: WorkerParts;
  writer: RunLogWriter;
  /** Called once when a record could not be written or read: another worker owns the partition, or it is to be restored. */
  onLost: (error: unknown) => void;
}>;

/** The runs of one partition for one epoch: starts, carries out and ends them. `open → closed`. */
export class PartitionRuns {
  readonly #parts: WorkerParts;
  readonly #store: RunStore;
  readonly #due: DueRuns;
  readonly #order: KeyOrder;
  readonly #ended: EndedRuns;
  readonly #missing: MissingCode;
  readonly #attempts: Attempts;
  readonly #starts: RunStarts;
  readonly #commands: RunCommands;

  constructor({ parts, writer, onLost }: Options) {
    const { clock, handlers, metrics, logger } = parts;
    this.#parts = parts;
    this.#store = new RunStore({ parts, writer, onLost });
    this.#attempts = new Attempts({
      parts,
      store: this.#store,
      record: async (entry, fact, step) => this.#record(entry, fact, step),
    });
    this.#due = new DueRuns(clock, (entry) => this.#onDue(entry));
    this.#order = new KeyOrder((handler) => handlers.get(handler)?.isOrdered === true);
    this.#ended = new EndedRuns({
      clock,
      expire: (entry) => this.#store.expire(entry),
      addDue: (entry, atMs) => this.#due.add(entry, atMs),
      onFailedLeftOut: ({ runId, handler }) => {
        metrics.failedForgotten.inc({ handler });
        logger.warn({ runId, handler }, 'run.failed-forgotten');
      },
    });
    this.#missing = new MissingCode({
      clock,
      wait: (entry, atMs) => {
        this.#due.add(entry, atMs);
        this.#rest(entry);
      },
      fail: (entry, failure) => {
        const record = async () => this.#record(entry, { type: 'RunFailed', failure });
        this.#store.whenLoaded(entry, record).catch(() => {});
      },
    });
    this.#starts = new RunStarts({
      parts,
      store: this.#store,
      order: this.#order,
      onStarted: (entry) => this.#after(entry),
    });
    this.#commands = new RunCommands({
      parts,
      store: this.#store,
      record: async (entry, fact) => this.#record(entry, fact),
      onRetry: (entry) => {
        this.#ended.remove(entry);
        this.#due.remove(entry);
        this.#order.add(entry);
        parts.admission.open(entry);
      },
    });
  }

  entries(): IterableIterator<RunEntry> {
    return this.#store.entries();
  }

  /** Takes restored runs, and continues those that have not ended. */
  adopt(restored: readonly RestoredRun[]): void {
    const { admission, memory, clock } = this.#parts;
    const nowMs = clock.nowMs();
    for (const { summary, position, isRecent } of inOrderOfJoining(restored)) {
      const entry = new RunEntry(summary, memory);
      entry.isSuspect = (entry.waitingUntilMs ?? 0) <= nowMs;
      entry.isFactUncertain = isRecent;
      entry.position = Number(position);
      this.#store.add(entry);
      if (entry.hasEnded) continue;
      this.#order.add(entry);
      admission.open(entry);
    }
    const ended = [...this.#store.entries()].filter(({ hasEnded }) => hasEnded);
    for (const entry of ended.sort((a, b) => (a.endedAtMs ?? 0) - (b.endedAtMs ?? 0))) this.#ended.add(entry);
    for (const entry of this.#store.entries()) if (!entry.hasEnded) this.#schedule(entry);
  }

  /** See {@link RunStarts.start}. */
  async start(handler: Handler, event: RunEvent, data: string): Promise<void> {
    await this.#starts.start(handler, event, data);
  }

  /** See {@link RunCommands.carryOut}. */
  async command(command: RunCommand): Promise<void> {
    await this.#commands.carryOut(command);
  }

  /** Notes that the records of older epochs are void: from now on ended runs are forgotten. */
  settled(): void {
    this.#ended.settled();
  }

  /** Writes a restored state again, in this epoch. */
  async rewrite(runId: string): Promise<void> {
    const entry = this.#store.get(runId);
    if (entry !== undefined) await this.#store.rewrite(entry).then(() => this.#rest(entry));
  }

  /** Writes the newest state of a run again behind an older one that is in the log once more. */
  repeated(key: string, offset: bigint): void {
    this.#parts.logger.warn({ key, offset: String(offset) }, 'run-log.repeated');
    const written = this.#store.repeated(key, offset);
    written.then((entry) => entry && this.#rest(entry)).catch(() => {});
  }

  /** Drops all runs, and aborts their attempts: another worker may have them already. */
  close(reason: Error): void {
    this.#due.close();
    this.#store.close(reason);
    const { admission } = this.#parts;
    this.#starts.close();
    this.#commands.close();
    for (const entry of this.#store.entries()) admission.close(entry);
  }

  #schedule(entry: RunEntry): void {
    const { handlers, queues, clock } = this.#parts;
    if (this.#store.isClosed || entry.hasEnded) return;
    if (this.#order.isBlocked(entry)) {
      this.#rest(entry);
      return;
    }
    const queue = queues.get(entry.handler);
    const handler = handlers.get(entry.handler);
    if (queue === undefined || handler === undefined) {
      this.#missing.missed(entry, 'handler', entry.handler);
      return;
    }
    const { waitingUntilMs } = entry;
    if (waitingUntilMs !== null && waitingUntilMs > clock.nowMs() && entry.isIdle) {
      this.#due.add(entry, waitingUntilMs);
      this.#rest(entry);
      return;
    }
    if (this.#parts.memory.isFull) entry.unload();
    entry.readySinceMs = clock.monotonicMs();
    queue.push({
      entry,
      load: () => (entry.isLoaded ? null : this.#store.load(entry)),
      start: (free, onEnd) => this.#startAttempts({ entry, handler, free, onEnd }),
    });
  }

  /** Leaves the state of a run in the log, if it is not needed soon. */
  #rest(entry: RunEntry): void {
    const { clock, memory } = this.#parts;
    const waitMs = (entry.dueMs ?? Infinity) - clock.nowMs();
    if (waitMs >= longWaitMs || memory.isFull) entry.unload();
  }

  #startAttempts(
    turn: Readonly<{ entry: RunEntry; handler: Handler; free: number; onEnd: () => void }>,
  ): Readonly<{ started: number; hasMore: boolean }> {
    const { entry, handler, free, onEnd } = turn;
    const none = { started: 0, hasMore: false };
    if (this.#store.isClosed || entry.hasEnded) return none;
    const nowMs = this.#parts.clock.nowMs();
    const input: unknown = entry.data === '' ? undefined : JSON.parse(entry.data);
    const decision = decide(handler.plan, { run: entry.run, input }, nowMs);
    if (decision.kind === 'attempt') {
      const idle = decision.ready.filter(({ step }) => !entry.inFlight.has(step.name));
      if (decision.nextAtMs !== null) this.#due.add(entry, decision.nextAtMs);
      for (const ready of idle.slice(0, free)) this.#attempts.begin({ entry, handler, ready, input }, onEnd);
      return { started: Math.min(idle.length, free), hasMore: idle.length > free };
    }
    if (decision.kind === 'wait') {
      this.#due.add(entry, decision.untilMs);
      this.#rest(entry);
    } else if (decision.kind === 'unknown-step') this.#missing.missed(entry, 'step', decision.step);
    else if (entry.isIdle) this.#finishWriting(entry, conclude(handler.plan, entry.newest, nowMs));
    return none;
  }

  /** Adds a fact to a run, and goes on when it is acknowledged. */
  async #record(entry: RunEntry, fact: RunFact, step?: string): Promise<void> {
    const handler = this.#parts.handlers.get(entry.handler);
    const plan = handler?.plan ?? { kind: 'batch', nodes: [], allowFailures: false };
    const next = advance(plan, entry.newest, { fact, atMs: this.#parts.clock.nowMs() });
    await this.#store.write(entry, next);
    entry.isSuspect = false;
    if (step !== undefined) entry.inFlight.delete(step);
    this.#after(entry);
  }

  #finishWriting(entry: RunEntry, run: RunRecorded): void {
    this.#store.write(entry, run).then(
      () => this.#after(entry),
      () => {},
    );
  }

  #after(entry: RunEntry): void {
    if (entry.hasEnded) this.#finish(entry);
    else this.#schedule(entry);
  }

  #finish(entry: RunEntry): void {
    const { metrics, onFailed, logger, admission } = this.#parts;
    const { handler, status, runId } = entry;
    metrics.ended.inc({ handler, status });
    logger.info({ runId, handler, status }, 'run.ended');
    if (status === 'failed') onFailed(entry.run);
    entry.unload();
    this.#due.remove(entry);
    this.#ended.add(entry);
    admission.close(entry);
    const next = this.#order.end(entry);
    if (next !== undefined) this.#schedule(next);
  }

  #onDue(entry: RunEntry): void {
    if (entry.hasEnded) this.#ended.onDue(entry);
    else this.#schedule(entry);
  }
}
