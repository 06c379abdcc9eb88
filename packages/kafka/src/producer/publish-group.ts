import { AppError, type Clock } from '@tidings/runtime';
import type { RecordPosition } from '../bus.ts';
import { closedError } from '../client/errors.ts';

/** Options of a group: its caller stops waiting at `deadlineMs` of the clock, or when `signal` is aborted. */
export type PublishGroupOptions = Readonly<{
  size: number;
  clock: Clock;
  deadlineMs: number | undefined;
  signal?: AbortSignal | undefined;
}>;

/** The records of one publish call, with one result: all acknowledged, or an error. One promise, not one per record. */
export class PublishGroup {
  readonly promise: Promise<readonly RecordPosition[]>;
  readonly #positions: RecordPosition[];
  readonly #cancelTimer: (() => void) | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.fail(closedError());
  #resolve!: (positions: readonly RecordPosition[]) => void;
  #reject!: (error: AppError) => void;
  #remaining: number;
  #isSettled = false;

  constructor({ size, clock, deadlineMs, signal }: PublishGroupOptions) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.#remaining = size;
    this.#signal = signal;
    this.#positions = new Array<RecordPosition>(size);
    if (deadlineMs !== undefined) {
      this.#cancelTimer = clock.setTimer(() => this.fail(expired(deadlineMs)), deadlineMs);
    }
    if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener('abort', this.#onAbort);
  }

  /** True once its caller no longer waits: the rest of it need not be sent again. */
  get isSettled(): boolean {
    return this.#isSettled;
  }

  acknowledge(index: number, position: RecordPosition): void {
    if (this.#isSettled) return;
    this.#positions[index] = position;
    this.#remaining -= 1;
    if (this.#remaining > 0) return;
    this.#settle();
    this.#resolve(this.#positions);
  }

  fail(error: AppError): void {
    if (this.#isSettled) return;
    this.#settle();
    this.#reject(error);
  }

  #settle(): void {
    this.#isSettled = true;
    this.#cancelTimer?.();
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }
}

const expired = (deadlineMs: number): AppError =>
  new AppError({
    code: 'unavailable',
    message: `Kafka did not acknowledge within ${deadlineMs} ms; the records may still be in the log: repeat with the same ids`,
  });
