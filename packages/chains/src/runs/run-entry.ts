import type { RunId, RunRecorded, RunStatus } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import { hasRunEnded } from '../domain/decide.ts';
import type { RunSummary } from '../log/restore-run-log.ts';
import type { StoredState } from '../log/state-reader.ts';
import type { StateMemory } from './state-memory.ts';

/**
 * A run in memory: a few numbers, and while it is carried out its state. Of a run that rests the state is in the run log
 * alone. Two states are kept apart: the acknowledged one decides what is attempted, the newest one has the facts that are
 * being written.
 */
export class RunEntry {
  readonly runId: RunId;
  readonly handler: string;
  readonly orderingKey: string | null;
  /** Offset of its event. */
  readonly offset: number;
  /** Epoch in which its record was written last. */
  epoch: number;
  status: RunStatus;
  /** Offset of its record in the run log; undefined before the first is acknowledged. */
  position: number | undefined;
  /** Time at which the owner looks at it again; null if there is none. */
  dueMs: number | null = null;
  /** True while it counts as one that has not ended: see `Admission`. */
  isOpen = false;
  /** True while it waits for its handler. */
  isQueued = false;
  /** Time before which nothing happens; null unless it is `waiting`. */
  waitingUntilMs: number | null;
  /** Time at which it ended; null before. */
  endedAtMs: number | null;
  /** Monotonic time since which the code lacks what it needs; null if it does not. */
  unknownSinceMs: number | null = null;
  /** True if its former owner may have died of an attempt of it: until the first fact of this owner. */
  isSuspect = false;
  /** True if `tidings.runs` may lack its state. */
  isFactUncertain = false;
  /** Monotonic time since which it could continue. */
  readySinceMs = 0;
  /** Resolves when its first state is acknowledged; undefined from then on. */
  starting: Promise<void> | undefined;
  readonly #memory: StateMemory;
  #state: StoredState | undefined;
  #newest: RunRecorded | undefined;
  #inFlight: Map<string, AbortController> | undefined;

  constructor(summary: RunSummary, memory: StateMemory) {
    this.runId = summary.runId;
    this.handler = summary.handler;
    this.orderingKey = summary.orderingKey;
    this.offset = summary.offset;
    this.epoch = summary.epoch;
    this.status = summary.status;
    this.waitingUntilMs = summary.waitingUntilMs;
    this.endedAtMs = summary.endedAtMs;
    this.#memory = memory;
  }

  /** True if the state is in memory. */
  get isLoaded(): boolean {
    return this.#state !== undefined;
  }

  /** Takes the state: the one that was read at `position`, or the first one. */
  load(state: StoredState): void {
    this.#memory.add(state.size - (this.#state?.size ?? 0));
    this.#state = state;
  }

  /** Frees the state, unless something happens to the run: it is read again when it is needed. */
  unload(): void {
    if (!this.isIdle || this.isQueued || this.position === undefined) return;
    this.#memory.add(-(this.#state?.size ?? 0));
    this.#state = undefined;
    this.#inFlight = undefined;
  }

  /** Frees everything: the run is no longer carried out here. */
  drop(reason: Error): void {
    this.abort(reason);
    this.#memory.add(-(this.#state?.size ?? 0));
    this.#state = undefined;
  }

  /** Data of its event: JSON, as it was received. */
  get data(): string {
    return this.#loaded.data;
  }

  /** The acknowledged state. */
  get run(): RunRecorded {
    return this.#loaded.run;
  }

  /** The state with every fact that is known. */
  get newest(): RunRecorded {
    return this.#newest ?? this.run;
  }

  get hasEnded(): boolean {
    return hasRunEnded(this);
  }

  /** True if the newest state, acknowledged or not, is an end. */
  get isEnding(): boolean {
    return this.#newest === undefined ? this.hasEnded : hasRunEnded(this.#newest);
  }

  /** Takes a state that is about to be written. */
  writes(run: RunRecorded): void {
    this.#newest = run;
  }

  /** Takes a state that is acknowledged. */
  acknowledge(state: StoredState, position: number): void {
    const { run } = state;
    this.load(state);
    this.position = position;
    if (this.#newest?.sequence === run.sequence) this.#newest = undefined;
    this.status = run.status;
    this.epoch = run.epoch;
    this.waitingUntilMs = run.waitingUntilMs;
    this.endedAtMs = run.endedAtMs;
  }

  /** Attempts under way and facts not yet acknowledged, by step. A resting run has no map. */
  get inFlight(): Map<string, AbortController> {
    this.#inFlight ??= new Map();
    return this.#inFlight;
  }

  /** True if no attempt is under way and no fact is being written. */
  get isIdle(): boolean {
    return (this.#inFlight?.size ?? 0) === 0 && this.#newest === undefined;
  }

  /** Aborts the attempts under way. */
  abort(reason: Error): void {
    for (const controller of this.#inFlight?.values() ?? []) controller.abort(reason);
  }

  get #loaded(): StoredState {
    if (this.#state === undefined)
      throw new AppError({ code: 'internal', message: `the state of ${this.runId} was not read` });
    return this.#state;
  }
}
