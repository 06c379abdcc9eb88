import type { Clock } from '@tidings/runtime';
import type { Dispatcher } from 'undici';
import type { BookEntry } from './address-book.ts';
import { failureOf, type Phase } from './failure.ts';
import type { EgressFailure, EgressOutcome, PhaseTimings } from './outcome.ts';
import type { Slot } from './slot.ts';
import type { PoolTarget, SocketPools } from './socket-pools.ts';

/** What one request needs to be carried out. */
export type ExchangePlan = Readonly<{
  target: PoolTarget;
  path: string;
  /** The addresses when they are known without waiting, else undefined. */
  known: () => BookEntry | undefined;
  /** Asks for the addresses. Never rejects. */
  find: () => Promise<BookEntry>;
  /** Why none of these addresses may be reached, or null. */
  judge: (entry: BookEntry) => EgressFailure | null;
}>;

/** Bounds of one exchange. */
export type ExchangeOptions = Readonly<{
  clock: Clock;
  pools: SocketPools;
  plan: ExchangePlan;
  timeoutMs: number;
  maxResponseBytes: number;
  signal: AbortSignal | undefined;
}>;

/** What is written. */
export type RequestMessage = Readonly<{
  method: Dispatcher.HttpMethod;
  headers: Record<string, string>;
  body: Buffer;
}>;

// An endpoint may answer 102 or 103 a few times before its real answer; more is a flood.
const maxInformational = 16;
const noBody = Buffer.alloc(0);

function flattenHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const name of Object.keys(headers)) {
    const value = headers[name];
    if (value !== undefined) flat[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return flat;
}

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 100) / 100;
}

/**
 * One request from the lookup to the last byte that is read, under one deadline. It ends exactly once, with a value:
 *
 *     dns ─▶ (waiting) ─▶ connect ─▶ tls ─▶ headers ─▶ body ─▶ response
 *      └──────────┴───────────┴────────┴────────┴────────┴───▶ failed
 *
 * What it holds (timer, wish for a socket, socket) is given back on every way out.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #options: ExchangeOptions;
  readonly #startedMs: number;
  #message: RequestMessage | undefined;
  #resolve: ((outcome: EgressOutcome) => void) | undefined;
  #phase: Phase = 'dns';
  #isDone = false;
  #cancelTimer: () => void = () => {};
  #withdraw: () => void = () => {};
  #slot: Slot | undefined;
  #sentMs = 0;
  #bytesBefore = 0;
  #wasReused = false;
  #dnsMs: number | null = null;
  #firstByteMs: number | null = null;
  #informational = 0;
  #status = 0;
  #headers: Record<string, string> = {};
  #chunks: Buffer[] = [];
  #bodyBytes = 0;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#startedMs = options.clock.monotonicMs();
  }

  /** Carries the request out. Resolves with the outcome; never rejects. */
  run(message: RequestMessage): Promise<EgressOutcome> {
    this.#message = message;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      const { signal } = this.#options;
      if (signal?.aborted === true) {
        this.abort('the caller gave up');
        return;
      }
      signal?.addEventListener('abort', this.#onSignal, { once: true });
      this.#startTimer();
      this.#locate();
    });
  }

  /** Ends the request as `aborted`. */
  abort(detail: string): void {
    this.#fail({ reason: 'aborted', detail });
  }

  onRequestStart(): void {}

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (this.#isDone) return;
    if (status < 200) {
      this.#informational += 1;
      if (this.#informational > maxInformational) {
        this.#fail({
          reason: 'protocol',
          detail: `headers: more than ${maxInformational} informational answers`,
        });
      }
      return;
    }
    this.#phase = 'body';
    this.#firstByteMs = this.#options.clock.monotonicMs() - this.#sentMs;
    this.#status = status;
    this.#headers = flattenHeaders(headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#isDone) return;
    const room = this.#options.maxResponseBytes - this.#bodyBytes;
    // Copied: the chunk is a window on a much larger read buffer, which it would keep alive.
    if (room > 0) this.#chunks.push(Buffer.from(chunk.subarray(0, room)));
    this.#bodyBytes += Math.min(room, chunk.length);
    if (chunk.length > room) this.#respond(true);
  }

  onResponseEnd(): void {
    if (!this.#isDone) this.#respond(false);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#failWith(error);
  }

  readonly #onSignal = (): void => this.abort('the caller gave up');

  #startTimer(): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#options.clock.setTimer(() => this.#onDeadline(), this.#options.timeoutMs);
  }

  #onDeadline(): void {
    const { timeoutMs } = this.#options;
    if (this.#phase === 'waiting') this.abort(`no socket became free within ${timeoutMs} ms`);
    else this.#fail({ reason: 'timeout', detail: `${this.#phase}: not done within ${timeoutMs} ms` });
  }

  #locate(): void {
    const { plan, clock } = this.#options;
    const known = plan.known();
    if (known !== undefined) {
      this.#onLocated(known);
      return;
    }
    const askedMs = clock.monotonicMs();
    // find never rejects.
    void plan.find().then((entry) => {
      if (this.#isDone) return;
      this.#dnsMs = clock.monotonicMs() - askedMs;
      this.#onLocated(entry);
    });
  }

  #onLocated(entry: BookEntry): void {
    const { plan, pools } = this.#options;
    if (!entry.ok) {
      this.#fail({ reason: 'dns', detail: `dns: ${entry.detail}` });
      return;
    }
    const blocked = plan.judge(entry);
    if (blocked !== null) {
      this.#fail(blocked);
      return;
    }
    this.#withdraw = pools.borrow(plan.target, {
      addresses: entry.addresses,
      onPhase: (phase) => this.#enter(phase),
      onSlot: (slot) => this.#send(slot),
      onFailure: (failure) => this.#fail(failure),
    });
  }

  #enter(phase: Phase): void {
    // Waiting for a socket of ours is not the endpoint's time.
    if (this.#phase === 'waiting') this.#startTimer();
    this.#phase = phase;
  }

  #send(slot: Slot): void {
    const message = this.#message;
    if (message === undefined) throw new TypeError('an exchange sends what it was run with');
    this.#enter('headers');
    this.#slot = slot;
    this.#wasReused = slot.isReused;
    this.#bytesBefore = slot.connection.socket.bytesRead;
    this.#sentMs = this.#options.clock.monotonicMs();
    const { method, headers, body } = message;
    slot.client.dispatch({ path: this.#options.plan.path, method, headers, body }, this);
  }

  #failWith(error: Error): void {
    this.#fail(failureOf(error, this.#phase));
  }

  #timings(): PhaseTimings {
    const fresh = this.#wasReused ? undefined : this.#slot?.connection;
    return {
      dnsMs: rounded(this.#dnsMs),
      connectMs: rounded(fresh?.connectMs ?? null),
      tlsMs: rounded(fresh?.tlsMs ?? null),
      firstByteMs: rounded(this.#firstByteMs),
      totalMs: rounded(this.#options.clock.monotonicMs() - this.#startedMs) ?? 0,
    };
  }

  #respond(truncated: boolean): void {
    const slot = this.#slot;
    if (truncated) slot?.destroy();
    // One microtask later undici has closed the socket if this answer was its last.
    else if (slot !== undefined) queueMicrotask(() => this.#options.pools.release(slot));
    const body = this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
    this.#settle({
      kind: 'response',
      status: this.#status,
      headers: this.#headers,
      body: body ?? noBody,
      truncated,
      timings: this.#timings(),
    });
  }

  #fail({ reason, detail }: EgressFailure): void {
    if (this.#isDone) return;
    const slot = this.#slot;
    const isLost = reason === 'reset' || reason === 'refused';
    const beforeAnyByte =
      isLost &&
      this.#wasReused &&
      slot !== undefined &&
      slot.connection.socket.bytesRead === this.#bytesBefore;
    this.#settle({ kind: 'failed', reason, detail, beforeAnyByte, timings: this.#timings() });
    this.#withdraw();
    slot?.destroy();
  }

  #settle(outcome: EgressOutcome): void {
    this.#isDone = true;
    this.#cancelTimer();
    this.#options.signal?.removeEventListener('abort', this.#onSignal);
    this.#resolve?.(outcome);
  }
}
