import type { RunFailure } from '@tidings/contracts';
import type { Clock } from '@tidings/runtime';
import { lacking } from '../domain/decide.ts';
import type { RunEntry } from './run-entry.ts';

/** Time for which a run waits for a worker whose code has its handler and its steps. */
const keptMs = 5 * 60_000;

type Options = Readonly<{
  clock: Clock;
  /** Looks at a run again at a time. */
  wait: (entry: RunEntry, atMs: number) => void;
  fail: (entry: RunEntry, failure: RunFailure) => void;
}>;

/** Lets runs wait for other code, and fails those for which none comes. */
export class MissingCode {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Notes that the worker lacks a handler or a step that a run needs. */
  missed(entry: RunEntry, what: 'handler' | 'step', name: string): void {
    const { clock, wait, fail } = this.#options;
    entry.unknownSinceMs ??= clock.monotonicMs();
    const leftMs = entry.unknownSinceMs + keptMs - clock.monotonicMs();
    if (leftMs > 0) wait(entry, clock.nowMs() + leftMs);
    else fail(entry, lacking(what, name));
  }
}
