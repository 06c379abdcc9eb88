import { Fifo } from '@tidings/queues';
import type { Handler } from '../handlers/handler.ts';
import type { RunEntry } from './run-entry.ts';

/** An event that waits until its handler may start another run. */
type Held = Readonly<{
  /** The partition that it came from. */
  owner: object;
  /** Opens its run, unless that is not needed any more. */
  start: () => void;
  /** Called when its owner no longer wants it. */
  drop: () => void;
}>;

/**
 * Counts the runs of each handler that have not ended, over all partitions of a worker, and holds events back while as many
 * as `maxOpenRuns` have not.
 */
export class Admission {
  readonly #maxOpen: ReadonlyMap<string, number>;
  readonly #open = new Map<string, number>();
  readonly #held = new Map<string, Fifo<Held>>();

  constructor(handlers: ReadonlyMap<string, Handler>) {
    this.#maxOpen = new Map([...handlers.values()].map(({ name, maxOpenRuns }) => [name, maxOpenRuns]));
  }

  /** Number of events that each handler holds back. */
  held(): readonly Readonly<{ handler: string; count: number }>[] {
    return [...this.#maxOpen.keys()].map((handler) => ({
      handler,
      count: this.#held.get(handler)?.length ?? 0,
    }));
  }

  /** Starts a run: at once below the bound of its handler, else in the order of the calls as others end. */
  start(handler: string, run: Held): void {
    let held = this.#held.get(handler);
    if (held === undefined) {
      held = new Fifo();
      this.#held.set(handler, held);
    }
    held.push(run);
    this.#startHeld(handler);
  }

  /** Drops the events that are held for an owner. */
  drop(owner: object): void {
    for (const held of this.#held.values())
      for (const { drop } of held.removeWhere((run) => run.owner === owner)) drop();
  }

  /** Counts a run that has not ended. */
  open(entry: RunEntry): void {
    if (entry.isOpen) return;
    entry.isOpen = true;
    this.#open.set(entry.handler, this.#openOf(entry.handler) + 1);
  }

  /** Notes that a run has ended, or is no longer carried out here. */
  close(entry: RunEntry): void {
    if (!entry.isOpen) return;
    entry.isOpen = false;
    this.#open.set(entry.handler, this.#openOf(entry.handler) - 1);
    this.#startHeld(entry.handler);
  }

  #openOf(handler: string): number {
    return this.#open.get(handler) ?? 0;
  }

  #startHeld(handler: string): void {
    const most = this.#maxOpen.get(handler) ?? Infinity;
    const held = this.#held.get(handler);
    while (held !== undefined && this.#openOf(handler) < most) {
      const next = held.shift();
      if (next === undefined) return;
      next.start();
    }
  }
}
