import type { StreamMessage } from '../../api/live-stream.ts';

/** A message as it is shown. `key` numbers the rows in the order of their arrival. */
export type TailRow = Readonly<{ key: number; message: TailMessage }>;

/** A message that is a row: something happened, or messages are missing. */
export type TailMessage = Exclude<StreamMessage, Readonly<{ kind: 'ready' | 'heartbeat' | 'closing' }>>;

/** The rows, newest first, and how many more have come since they are held. */
export type TailView = Readonly<{ rows: readonly TailRow[]; held: number }>;

/** The view of a buffer that has received nothing. */
export const emptyView: TailView = { rows: [], held: 0 };

const isRow = (message: StreamMessage): message is TailMessage =>
  message.kind !== 'ready' && message.kind !== 'heartbeat' && message.kind !== 'closing';

/**
 * Keeps the newest messages of a stream, at most `maxRows` shown and as many that wait, so that an hour at any rate needs
 * no more memory than a minute. While it is held, what is shown stays and what comes waits.
 */
export class TailBuffer {
  readonly #maxRows: number;
  #nextKey = 0;
  // Oldest first.
  #coming: TailRow[] = [];
  #rows: readonly TailRow[] = [];
  #count = 0;
  #view: TailView = emptyView;
  #isHeld = false;

  constructor(maxRows: number) {
    this.#maxRows = maxRows;
  }

  /** Takes a message. What is no row, such as a heartbeat, is dropped. */
  add(message: StreamMessage): void {
    if (!isRow(message)) return;
    this.#coming.push({ key: this.#nextKey, message });
    this.#nextKey += 1;
    this.#count += 1;
    // In steps: removing the first of a list moves all others.
    if (this.#coming.length >= this.#maxRows * 2) this.#coming = this.#coming.slice(-this.#maxRows);
  }

  /** Holds what is shown, or goes on. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
  }

  /** Removes what is shown and what waits. */
  clear(): void {
    this.#coming = [];
    this.#rows = [];
    this.#count = 0;
    this.#view = emptyView;
  }

  /** Returns what to show now: the same object as before if nothing has changed. */
  view(): TailView {
    if (this.#coming.length === 0 && this.#view.held === 0) return this.#view;
    if (this.#isHeld) {
      if (this.#view.held !== this.#count) this.#view = { rows: this.#rows, held: this.#count };
      return this.#view;
    }
    this.#rows = [...this.#coming.slice(-this.#maxRows).reverse(), ...this.#rows].slice(0, this.#maxRows);
    this.#coming = [];
    this.#count = 0;
    this.#view = { rows: this.#rows, held: 0 };
    return this.#view;
  }
}
