import { advance, stepsByName } from '../domain/decide.ts';
import { type RunFact, timesBegun } from '../domain/run-fact.ts';
import type { RunEntry } from '../runs/run-entry.ts';
import type { RunStore } from '../runs/run-store.ts';
import type { WorkerParts } from '../worker/worker-parts.ts';
import { attemptReady, kindOf, type Turn } from './attempt-ready.ts';

/**
 * Number of workers that may begin an attempt without recording its end. A worker that is replaced or loses a partition
 * leaves attempts without an end as well, so it is more than a deployment needs.
 */
const maxBegun = 10;
/** From this number on attempts are made one at a time: others that end with the process are not to be blamed for it. */
const aloneFrom = 4;

type Options = Readonly<{
  parts: WorkerParts;
  store: RunStore;
  /** Adds the fact of an attempt to its run. Resolves when it is acknowledged. */
  record: (entry: RunEntry, fact: RunFact, step: string) => Promise<void>;
}>;

/**
 * Makes the attempts of a partition, and counts those that may end their process: the first one of a run that was taken over
 * while it could have been under way is recorded before it begins.
 */
export class Attempts {
  readonly #parts: WorkerParts;
  readonly #store: RunStore;

  readonly #record: Options['record'];

  constructor({ parts, store, record }: Options) {
    this.#parts = parts;
    this.#store = store;
    this.#record = record;
  }

  /** Begins an attempt. Calls `onEnd` when what has happened is recorded. */
  begin(turn: Omit<Turn, 'controller'>, onEnd: () => void): void {
    const { entry, ready } = turn;
    const { name } = ready.step;
    const controller = new AbortController();
    entry.inFlight.set(name, controller);
    const recorded = this.#make({ ...turn, controller }).then(async (fact) => {
      if (fact !== null && !this.#store.isClosed && !entry.isEnding) return this.#record(entry, fact, name);
      entry.inFlight.delete(name);
      if (entry.hasEnded) entry.unload();
      return undefined;
    });
    // Another begins when the result is acknowledged: what a crash repeats is at most what the handler may do at one time.
    recorded.then(onEnd, onEnd);
  }

  /** Attempts a step. Returns what has happened; null if the worker stops, or the run is no longer carried out here. */
  async #make(turn: Turn): Promise<RunFact | null> {
    if (!turn.entry.isSuspect) return attemptReady(turn, this.#parts);
    const { name } = turn.ready.step;
    const count = timesBegun(turn.entry.newest, name);
    if (count >= maxBegun) return this.#endless(turn, count);
    if (count < aloneFrom) return this.#makeMarked(turn);
    const { suspects } = this.#parts;
    if (!(await suspects.enter())) return null;
    try {
      return await this.#makeMarked(turn);
    } finally {
      suspects.leave();
    }
  }

  async #makeMarked(turn: Turn): Promise<RunFact | null> {
    const { entry, handler, ready } = turn;
    if (this.#store.isClosed || entry.isEnding) return null;
    const change = {
      fact: { type: 'StepBegun', step: ready.step.name },
      atMs: this.#parts.clock.nowMs(),
    } as const;
    await this.#store.write(entry, advance(handler.plan, entry.newest, change));
    if (this.#store.isClosed || entry.isEnding) return null;
    return attemptReady(turn, this.#parts);
  }

  #endless({ entry, ready }: Turn, count: number): RunFact {
    const { name } = ready.step;
    const { runId, handler } = entry;
    this.#parts.logger.error({ runId, handler, step: name, count }, 'step.endless');
    return {
      type: 'StepFailed',
      step: name,
      kind: kindOf(name),
      attempt: {
        attempt: (stepsByName(entry.run.steps).get(name)?.attemptCount ?? 0) + 1,
        startedAtMs: this.#parts.clock.nowMs(),
        durationMs: 0,
        outcome: 'failed',
        error: `${count} workers began this attempt and recorded no end of it: it may end its process, or take longer than a worker keeps the run`,
      },
      retryAtMs: null,
    };
  }
}
