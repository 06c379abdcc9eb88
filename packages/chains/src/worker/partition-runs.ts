import type { RunCommand, RunEvent, RunRecorded } from '@tidings/contracts';
import type { OutgoingRecord } from '@tidings/kafka';
import { Fifo } from '@tidings/queues';
import { advance, conclude, decide, lacking, retryOf } from '../domain/decide.ts';
import type { ReadyStep } from '../domain/evaluate.ts';
import { newRun } from '../domain/new-run.ts';
import type { RunFact } from '../domain/run-fact.ts';
import type { Handler } from '../handlers/handler.ts';
import { encodeState } from '../log/encode-run-state.ts';
import { type RestoredRun, summaryOf } from '../log/restore-run-log.ts';
import type { RunLogWriter } from '../log/run-log-writer.ts';
import { attemptReady } from './attempt-ready.ts';
import { DueRuns } from './due-runs.ts';
import { KeyOrder } from './key-order.ts';
import { TextPacker } from './packed-text.ts';
import { RunEntry } from './run-entry.ts';
import type { WorkerParts } from './worker-parts.ts';

const minuteMs = 60_000;
/** Time for which a run that completed or was cancelled recognises a repeat of its event. */
const endedKeptMs = 10 * minuteMs;
/** Time for which a failed run can be retried: 30 days. */
const failedKeptMs = 30 * 24 * 60 * minuteMs;
/** Time for which a run waits for a worker whose code has its handler and its steps. */
const unknownKeptMs = 5 * minuteMs;
/** Wait for which it is worth to pack a run. */
const longWaitMs = 10_000;
// Of each partition.
const maxEnded = 20_000;

type Options = Readonly<{
  parts: WorkerParts;
  writer: RunLogWriter;
  /** Called once when a record could not be written: another worker owns the partition, or it is to be restored. */
  onLost: (error: unknown) => void;
}>;

/** The runs of one partition for one epoch: starts, carries out and ends them. `open → closed`. */
export class PartitionRuns {
  readonly #parts: WorkerParts;
  readonly #writer: RunLogWriter;
  readonly #onLost: (error: unknown) => void;
  readonly #runs = new Map<string, RunEntry>();
  readonly #due: DueRuns;
  readonly #order: KeyOrder;
  /** Runs that completed or were cancelled, oldest first. */
  readonly #ended = new Fifo<RunEntry>();
  #isSettled = false;
  readonly #packer = new TextPacker();
  #isClosed = false;

  constructor({ parts, writer, onLost }: Options) {
    this.#parts = parts;
    this.#writer = writer;
    this.#onLost = onLost;
    this.#due = new DueRuns(parts.clock, (entry) => this.#onDue(entry));
    this.#order = new KeyOrder((handler) => parts.handlers.get(handler)?.isOrdered === true);
  }

  entries(): IterableIterator<RunEntry> {
    return this.#runs.values();
  }

  /** Takes restored runs, and continues those that have not ended. */
  adopt(restored: readonly RestoredRun[]): void {
    // Of an ordering key the one under way is the first: a retried one from before it waits for it.
    const inOrder = [...restored].sort(
      ({ summary: a }, { summary: b }) => Number(b.isUnderWay) - Number(a.isUnderWay) || a.offset - b.offset,
    );
    for (const { summary, text, data, isRecent } of inOrder) {
      const entry = new RunEntry(summary, { text, data });
      entry.isFactUncertain = isRecent;
      this.#runs.set(entry.runId, entry);
      if (!entry.hasEnded) this.#order.add(entry);
      else if (entry.status === 'failed') this.#due.add(entry, (entry.endedAtMs ?? 0) + failedKeptMs);
      else this.#ended.push(entry);
    }
    for (const entry of this.#runs.values()) if (!entry.hasEnded) this.#schedule(entry);
  }

  /** Starts the run of an event in a handler, unless it is known. Resolves when its first state is acknowledged. */
  async start(handler: Handler, event: RunEvent, data: string): Promise<void> {
    const { app, clock, metrics } = this.#parts;
    const run = newRun({
      app,
      handler: handler.name,
      event,
      epoch: this.#writer.epoch,
      nowMs: clock.nowMs(),
    });
    const known = this.#runs.get(run.runId);
    if (known !== undefined) return known.starting;
    const entry = new RunEntry(summaryOf(run), { text: '', data });
    this.#runs.set(entry.runId, entry);
    this.#order.add(entry);
    metrics.started.inc({ handler: handler.name });
    entry.starting = this.#write(entry, run);
    await entry.starting;
    entry.starting = undefined;
    this.#after(entry);
  }

  /** Carries out a command. Resolves when its effect is acknowledged, or at once if it has none. */
  async command(command: RunCommand): Promise<void> {
    const entry = this.#runs.get(command.runId);
    const handler = entry === undefined ? undefined : this.#parts.handlers.get(entry.handler);
    const { logger } = this.#parts;
    if (entry === undefined) {
      logger.warn({ runId: command.runId, command: command.type }, 'run-command.unknown-run');
      return;
    }
    await entry.starting;
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
      return;
    }
    this.#order.add(entry);
    await this.#record(entry, retryOf(handler.plan, entry.newest));
  }

  /** Notes that the records of older epochs are void: from now on ended runs are forgotten. */
  settled(): void {
    this.#isSettled = true;
  }

  /** Writes a restored state again, in this epoch. */
  async rewrite(runId: string): Promise<void> {
    const entry = this.#runs.get(runId);
    if (this.#isClosed || !entry?.hasState || entry.epoch === this.#writer.epoch) return;
    const next = { ...entry.newest, epoch: this.#writer.epoch };
    const { run, text, state, fact } = encodeState(next, entry.data);
    await this.#append(state, entry.isFactUncertain ? [fact] : []);
    entry.acknowledge(run, text);
    if (entry.status === 'completed' || entry.status === 'cancelled') entry.forgetState();
    else if (entry.isIdle) this.#rest(entry, entry.dueMs ?? Infinity);
  }

  /** Drops all runs, and aborts their attempts: another worker may have them already. */
  close(reason: Error): void {
    this.#isClosed = true;
    this.#due.close();
    this.#writer.close();
    for (const entry of this.#runs.values()) entry.abort(reason);
  }

  #schedule(entry: RunEntry): void {
    const { handlers, queues, clock } = this.#parts;
    if (this.#isClosed || entry.hasEnded) return;
    if (this.#order.isBlocked(entry)) {
      if (entry.isIdle) this.#rest(entry, Infinity);
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
      this.#rest(entry, waitingUntilMs);
      return;
    }
    entry.readySinceMs = clock.monotonicMs();
    queue.push({ entry, start: (free, onEnd) => this.#startAttempts({ entry, handler, free, onEnd }) });
  }

  /** Frees what a run does not need until a time. */
  #rest(entry: RunEntry, untilMs: number): void {
    // A restored one is about to be written again.
    const isCurrent = entry.epoch === this.#writer.epoch;
    const isLong = !entry.isQueued && untilMs - this.#parts.clock.nowMs() >= longWaitMs;
    if (isCurrent && isLong) entry.pack(this.#packer);
    else entry.park();
  }

  #startAttempts(
    turn: Readonly<{ entry: RunEntry; handler: Handler; free: number; onEnd: () => void }>,
  ): Readonly<{ started: number; hasMore: boolean }> {
    const { entry, handler, free, onEnd } = turn;
    const none = { started: 0, hasMore: false };
    if (this.#isClosed || entry.hasEnded) return none;
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
      if (entry.isIdle) this.#rest(entry, decision.untilMs);
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
    const recorded = attemptReady({ ...turn, controller, parts: this.#parts }).then(async (fact) => {
      if (!this.#isClosed && !entry.isEnding) return this.#record(entry, fact, name);
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
    await this.#write(entry, next);
    if (step !== undefined) entry.inFlight.delete(step);
    this.#after(entry);
  }

  #finishWriting(entry: RunEntry, run: RunRecorded): void {
    this.#write(entry, run).then(
      () => this.#after(entry),
      () => {},
    );
  }

  async #write(entry: RunEntry, next: RunRecorded): Promise<void> {
    const { run, text, state, fact } = encodeState({ ...next, epoch: this.#writer.epoch }, entry.data);
    entry.writes(run);
    await this.#append(state, [fact]);
    entry.acknowledge(run, text);
  }

  async #append(state: Parameters<RunLogWriter['append']>[0][number], others: readonly OutgoingRecord[]) {
    try {
      await this.#writer.append([state], others);
    } catch (error) {
      if (!this.#isClosed) this.#onLost(error);
      throw error;
    }
    if (this.#isClosed) throw new Error('the partition was lost');
  }

  #after(entry: RunEntry): void {
    if (entry.hasEnded) this.#finish(entry);
    else this.#schedule(entry);
  }

  #finish(entry: RunEntry): void {
    const { metrics, clock, onFailed, logger } = this.#parts;
    const { handler, status, runId } = entry;
    metrics.ended.inc({ handler, status });
    logger.info({ runId, handler, status }, 'run.ended');
    const endedAtMs = entry.endedAtMs ?? clock.nowMs();
    if (status === 'failed') {
      onFailed(entry.run);
      this.#rest(entry, endedAtMs + failedKeptMs);
      this.#due.add(entry, endedAtMs + failedKeptMs);
    } else {
      entry.forgetState();
      this.#ended.push(entry);
      this.#forgetEnded();
    }
    const next = this.#order.end(entry);
    if (next !== undefined) this.#schedule(next);
  }

  #forgetEnded(): void {
    // A state of an older epoch would count again, in which the run has not ended.
    if (!this.#isSettled) return;
    const oldestMs = this.#parts.clock.nowMs() - endedKeptMs;
    for (let head = this.#ended.peek(); head !== undefined; head = this.#ended.peek()) {
      if ((head.endedAtMs ?? 0) > oldestMs && this.#ended.length <= maxEnded) return;
      this.#ended.shift();
      this.#expire(head);
    }
  }

  #expire(entry: RunEntry): void {
    this.#runs.delete(entry.runId);
    const tombstone = { key: `${entry.runId}/${entry.epoch}`, headers: {}, value: null };
    // If it is not written, the next owner finds the record and removes it.
    this.#append(tombstone, []).catch(() => {});
  }

  #onDue(entry: RunEntry): void {
    if (!entry.hasEnded) this.#schedule(entry);
    else if (this.#isSettled) this.#expire(entry);
    else this.#due.add(entry, this.#parts.clock.nowMs() + minuteMs);
  }

  /** Lets a run wait for other code, and fails it if none comes. */
  #awaitCode(entry: RunEntry, what: 'handler' | 'step', name: string): void {
    const { clock } = this.#parts;
    entry.unknownSinceMs ??= clock.monotonicMs();
    const leftMs = entry.unknownSinceMs + unknownKeptMs - clock.monotonicMs();
    if (leftMs > 0) {
      this.#due.add(entry, clock.nowMs() + leftMs);
      if (entry.isIdle) entry.park();
      return;
    }
    this.#record(entry, { type: 'RunFailed', failure: lacking(what, name) }).catch(() => {});
  }
}
