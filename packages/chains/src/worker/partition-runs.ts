import type { RunCommand, RunEvent, RunRecorded } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { advance, conclude, decide, lacking, retryOf } from '../domain/decide.ts';
import type { ReadyStep } from '../domain/evaluate.ts';
import { newRun } from '../domain/new-run.ts';
import type { RunFact } from '../domain/run-fact.ts';
import type { Handler } from '../handlers/handler.ts';
import { type RestoredRun, summaryOf } from '../log/restore-run-log.ts';
import type { RunLogWriter } from '../log/run-log-writer.ts';
import { Attempts } from './attempts.ts';
import { DueRuns } from './due-runs.ts';
import { EndedRuns } from './ended-runs.ts';
import { inOrderOfJoining, KeyOrder } from './key-order.ts';
import { RunEntry } from './run-entry.ts';
import { RunStore } from './run-store.ts';
import type { WorkerParts } from './worker-parts.ts';

/** Time for which a run waits for a worker whose code has its handler and its steps. */
const unknownKeptMs = 5 * 60_000;
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
  readonly #attempts: Attempts;

  constructor({ parts, writer, onLost }: Options) {
    const { clock, handlers, metrics, logger } = parts;
    this.#parts = parts;
    this.#store = new RunStore({ parts, writer, onLost });
    this.#attempts = new Attempts({ parts, store: this.#store });
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
    const ended = restored.flatMap(({ summary }) => this.#endedOf(summary.runId));
    for (const entry of ended.sort((a, b) => (a.endedAtMs ?? 0) - (b.endedAtMs ?? 0))) this.#ended.add(entry);
    for (const entry of this.#store.entries()) if (!entry.hasEnded) this.#schedule(entry);
  }

  /**
   * Starts the run of an event in a handler, unless it is known: as soon as the handler has room for it. Resolves when its
   * first state is acknowledged.
   */
  async start(handler: Handler, event: RunEvent, data: string): Promise<void> {
    const { app, clock, admission } = this.#parts;
    const times = { epoch: this.#store.epoch, nowMs: clock.nowMs() };
    const run = newRun({ app, handler: handler.name, event, ...times });
    const known = this.#store.get(run.runId);
    if (known !== undefined) return known.starting;
    return new Promise((resolve, reject) => {
      admission.start(handler.name, {
        owner: this,
        start: () => void this.#begin(run, data).then(resolve, reject),
        drop: () => reject(new AppError({ code: 'closed', message: 'the partition was lost' })),
      });
    });
  }

  /** Carries out a command. Resolves when its effect is acknowledged, or at once if it has none. */
  async command(command: RunCommand): Promise<void> {
    const entry = this.#store.get(command.runId);
    const handler = entry === undefined ? undefined : this.#parts.handlers.get(entry.handler);
    const { logger, admission } = this.#parts;
    if (entry === undefined) {
      logger.warn({ runId: command.runId, command: command.type }, 'run-command.unknown-run');
      return;
    }
    await entry.starting;
    await this.#store.load(entry);
    if (command.type === 'RunCancelRequested.v1') {
      if (entry.isEnding) return;
      entry.abort(new Error(`the run was cancelled by ${command.by}`));
      await this.#record(entry, { type: 'RunCancelled', by: command.by, reason: command.reason });
      return;
    }
    const { sequence, failure } = entry.newest;
    const isDue = entry.status === 'failed' && sequence === command.sequence;
    // Of a state that was too large the results are gone, which later steps would need.
    if (!isDue || handler === undefined || failure?.reason === 'state-too-large') {
      logger.warn({ runId: command.runId, status: entry.status }, 'run-command.not-retried');
      entry.unload();
      return;
    }
    this.#ended.remove(entry);
    this.#order.add(entry);
    admission.open(entry);
    await this.#record(entry, retryOf(handler.plan, entry.newest));
  }

  /** Notes that the records of older epochs are void: from now on ended runs are forgotten. */
  settled(): void {
    this.#ended.settled();
  }

  /** Writes a restored state again, in this epoch. */
  async rewrite(runId: string): Promise<void> {
    const entry = this.#store.get(runId);
    if (entry !== undefined && (await this.#store.rewrite(entry))) this.#rest(entry);
  }

  /** Writes the newest state of a run again behind an older one that is in the log once more. */
  repeated(key: string, offset: bigint): void {
    this.#parts.logger.warn({ key, offset: String(offset) }, 'run-log.repeated');
    this.#store.repeated(key, offset).then(
      (entry) => {
        if (entry !== undefined) this.#rest(entry);
      },
      () => {},
    );
  }

  /** Drops all runs, and aborts their attempts: another worker may have them already. */
  close(reason: Error): void {
    this.#due.close();
    this.#store.close(reason);
    const { admission } = this.#parts;
    admission.drop(this);
    for (const entry of this.#store.entries()) admission.close(entry);
  }

  async #begin(run: RunRecorded, data: string): Promise<void> {
    const { metrics, memory, admission } = this.#parts;
    const known = this.#store.get(run.runId);
    if (known !== undefined) return known.starting;
    if (this.#store.isClosed) throw new AppError({ code: 'closed', message: 'the partition was lost' });
    const entry = new RunEntry(summaryOf(run), memory);
    entry.load({ run, data, size: data.length });
    this.#store.add(entry);
    this.#order.add(entry);
    admission.open(entry);
    metrics.started.inc({ handler: entry.handler });
    entry.starting = this.#store.write(entry, run);
    await entry.starting;
    entry.starting = undefined;
    this.#after(entry);
    return undefined;
  }

  #endedOf(runId: string): readonly RunEntry[] {
    const entry = this.#store.get(runId);
    return entry?.hasEnded === true ? [entry] : [];
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
      this.#awaitCode(entry, 'handler', entry.handler);
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
      for (const ready of idle.slice(0, free)) this.#attempt({ entry, handler, ready, input, onEnd });
      return { started: Math.min(idle.length, free), hasMore: idle.length > free };
    }
    if (decision.kind === 'wait') {
      this.#due.add(entry, decision.untilMs);
      this.#rest(entry);
    } else if (decision.kind === 'unknown-step') this.#awaitCode(entry, 'step', decision.step);
    else if (entry.isIdle) this.#finishWriting(entry, conclude(handler.plan, entry.newest, nowMs));
    return none;
  }

  #attempt(
    turn: Readonly<{
      entry: RunEntry;
      handler: Handler;
      ready: ReadyStep;
      input: unknown;
      onEnd: () => void;
    }>,
  ): void {
    const { entry, ready, onEnd } = turn;
    const { name } = ready.step;
    const controller = new AbortController();
    entry.inFlight.set(name, controller);
    const recorded = this.#attempts.make({ ...turn, controller }).then(async (fact) => {
      if (fact !== null && !this.#store.isClosed && !entry.isEnding) return this.#record(entry, fact, name);
      entry.inFlight.delete(name);
      return undefined;
    });
    // Another begins when the result is acknowledged: what a crash repeats is at most what the handler may do at one time.
    recorded.then(onEnd, onEnd);
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
    const { metrics, onFailed, logger } = this.#parts;
    const { handler, status, runId } = entry;
    metrics.ended.inc({ handler, status });
    logger.info({ runId, handler, status }, 'run.ended');
    if (status === 'failed') onFailed(entry.run);
    entry.unload();
    this.#ended.add(entry);
    this.#parts.admission.close(entry);
    const next = this.#order.end(entry);
    if (next !== undefined) this.#schedule(next);
  }

  #onDue(entry: RunEntry): void {
    if (entry.hasEnded) this.#ended.onDue(entry);
    else this.#schedule(entry);
  }

  /** Lets a run wait for other code, and fails it if none comes. */
  #awaitCode(entry: RunEntry, what: 'handler' | 'step', name: string): void {
    const { clock } = this.#parts;
    entry.unknownSinceMs ??= clock.monotonicMs();
    const leftMs = entry.unknownSinceMs + unknownKeptMs - clock.monotonicMs();
    if (leftMs > 0) {
      this.#due.add(entry, clock.nowMs() + leftMs);
      this.#rest(entry);
      return;
    }
    this.#store
      .load(entry)
      .then(async () => this.#record(entry, { type: 'RunFailed', failure: lacking(what, name) }))
      .catch(() => {});
  }
}
