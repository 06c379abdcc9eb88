import type { IncomingHttpHeaders } from 'node:http';
import type { HeaderFields, PhaseTimings, RequestOutcome } from '@tidings/contracts';
import type { Dispatcher } from 'undici';
import type { Acquirer } from '../connection/origin-pool.ts';
import type { AnswerReader, PooledConnection } from '../connection/pooled-connection.ts';
import type { LookupResult } from '../dns/dns-cache.ts';
import { type EgressFailure, failureOf, outcomeOfFailure, type Phase } from '../failure.ts';
import { maxRawBytes, ResponseReader } from '../response/response-reader.ts';
import type { ExchangeOptions, RunningExchange } from './exchange-options.ts';
import { checkLookup } from './prepared-urls.ts';
import { RequestBody } from './request-body.ts';

function rounded(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 100) / 100;
}

/**
 * One request from the lookup to the last byte read, under one deadline. It ends exactly once, with a value:
 *
 *     dns ─▶ (waiting) ─▶ connect ─▶ tls ─▶ headers ─▶ body ─▶ response
 *      └──────────┴───────────┴────────┴────────┴────────┴───▶ failed
 *
 * Every path to the end releases its resources (timer, pending acquire, socket).
 */
export class Exchange implements Dispatcher.DispatchHandler, Acquirer, AnswerReader, RunningExchange {
  index = -1;
  /** The addresses that the request may connect to; set after they are checked. */
  addresses: readonly string[] = [];
  readonly needsFresh: boolean;
  readonly #options: ExchangeOptions;
  readonly #startedMs: number;
  #resolve: ((outcome: RequestOutcome) => void) | undefined;
  #phase: Phase = 'dns';
  #isDone = false;
  #cancelTimer: () => void = () => {};
  #withdraw: () => void = () => {};
  #onSignal: (() => void) | undefined;
  #pooled: PooledConnection | undefined;
  #sentMs = 0;
  #bytesBefore = 0;
  #wasReused = false;
  #dnsMs: number | null = null;
  /** When the phase connect or tls began. */
  #phaseBeganMs = 0;
  #connectMs: number | null = null;
  /** The time at which the response's header was complete. */
  #answeredMs: number | null = null;
  readonly #response: ResponseReader;
  readonly #body: RequestBody;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.needsFresh = options.needsFresh;
    this.#startedMs = options.tools.clock.monotonicMs();
    this.#body = new RequestBody(options.body);
    this.#response = new ResponseReader(options.maxResponseBytes);
  }

  /** Sends the request. Resolves with the outcome; never rejects. */
  run(): Promise<RequestOutcome> {
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#options.tools.running.add(this);
      const { signal } = this.#options;
      if (signal?.aborted === true) {
        this.abort('the caller aborted the request');
        return;
      }
      if (signal !== undefined) {
        this.#onSignal = () => this.abort('the caller aborted the request');
        signal.addEventListener('abort', this.#onSignal, { once: true });
      }
      this.#startTimer();
      this.#locate();
    });
  }

  /** Ends the request as `aborted`. */
  abort(detail: string): void {
    this.#fail({ reason: 'aborted', detail });
  }

  onRequestStart(): void {
    this.#pooled?.expectAnswer();
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    // The head reader removes informational responses, except one inside a head that is too long.
    if (this.#isDone || status < 200) return;
    this.#phase = 'body';
    this.#answeredMs = this.#options.tools.clock.monotonicMs();
    // undici sets no header to undefined.
    this.#response.begin(status, headers as HeaderFields);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isDone && !this.#response.add(chunk)) this.#respond(true);
  }

  onResponseEnd(): void {
    if (!this.#isDone) this.#respond(false);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#failWith(error);
  }

  onViolation(detail: string): void {
    this.#fail({ reason: 'protocol', detail: `${this.#phase}: ${detail}` });
  }

  onPhase(phase: Phase): void {
    // The wait for one of the egress's own sockets does not count against the endpoint's time.
    if (this.#phase === 'waiting') this.#startTimer();
    if (phase === 'connect' || phase === 'tls') {
      const nowMs = this.#options.tools.clock.monotonicMs();
      if (phase === 'tls') this.#connectMs = nowMs - this.#phaseBeganMs;
      this.#phaseBeganMs = nowMs;
    }
    this.#phase = phase;
  }

  onConnection(pooled: PooledConnection): void {
    this.onPhase('headers');
    this.#pooled = pooled;
    this.#wasReused = pooled.isReused;
    this.#bytesBefore = pooled.connection.socket.bytesRead;
    pooled.limitTo(maxRawBytes(this.#options.maxResponseBytes), this);
    this.#sentMs = this.#options.tools.clock.monotonicMs();
    const { url, method, headers } = this.#options;
    const body = this.#body.open((detail) => this.abort(detail));
    pooled.client.dispatch({ path: url.path, method, headers, body }, this);
  }

  onFailure(failure: EgressFailure): void {
    this.#fail(failure);
  }

  #startTimer(): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#options.tools.clock.setTimer(() => this.#onDue(), this.#options.timeoutMs);
  }

  // Timers run before sockets are read. After a long iteration of the event loop, a response that arrived in time may
  // still be unread, so it is read first.
  #onDue(): void {
    const afterReading = setImmediate(() => this.#onDeadline());
    this.#cancelTimer = () => clearImmediate(afterReading);
  }

  #onDeadline(): void {
    const { timeoutMs } = this.#options;
    if (this.#phase === 'waiting') this.abort(`no socket became free within ${timeoutMs} ms`);
    // The endpoint, to which the rest of the body is still to be sent, has let nobody wait.
    else if (this.#phase === 'headers' && this.#body.isAwaited)
      this.abort(`the body was not there within ${timeoutMs} ms`);
    else this.#fail({ reason: 'timeout', detail: `${this.#phase}: not done within ${timeoutMs} ms` });
  }

  #locate(): void {
    const { tools, url } = this.#options;
    const known = url.fixed ?? tools.dns.peek(url.read.host);
    if (known !== undefined) {
      this.#onLocated(known);
      return;
    }
    const startedMs = tools.clock.monotonicMs();
    // find never rejects.
    void tools.dns.find(url.read.host).then((entry) => {
      if (this.#isDone) return;
      this.#dnsMs = tools.clock.monotonicMs() - startedMs;
      this.#onLocated(entry);
    });
  }

  #onLocated(entry: LookupResult): void {
    const { tools, url, target } = this.#options;
    if (!entry.ok) {
      this.#fail({ reason: 'dns', detail: `dns: ${entry.detail}` });
      return;
    }
    const blocked = checkLookup(url, entry);
    if (blocked !== null) {
      this.#fail(blocked);
      return;
    }
    this.addresses = entry.addresses;
    this.#withdraw = tools.pools.acquire(target, this);
  }

  #failWith(error: Error): void {
    const pooled = this.#pooled;
    const socket = pooled?.connection.socket;
    const hasAnswered = socket !== undefined && socket.bytesRead > this.#bytesBefore;
    const seen = { hasAnswered, hasEnded: socket?.readableEnded === true };
    const failure = failureOf(pooled?.cause ?? error, this.#phase, seen);
    const isLost = failure.reason === 'reset' || failure.reason === 'aborted';
    this.#fail(failure, isLost && this.#wasReused && !hasAnswered);
  }

  /** Returns the phases; `failedIn` is the one that did not end. */
  #timings(failedIn?: Phase): PhaseTimings {
    const fresh = this.#wasReused ? undefined : this.#pooled?.connection;
    const nowMs = this.#options.tools.clock.monotonicMs();
    const answeredMs = this.#answeredMs ?? (failedIn === 'headers' ? nowMs : null);
    return {
      dnsMs: rounded(failedIn === 'dns' ? nowMs - this.#startedMs : this.#dnsMs),
      connectMs: rounded(
        failedIn === 'connect' ? nowMs - this.#phaseBeganMs : (fresh?.connectMs ?? this.#connectMs),
      ),
      tlsMs: rounded(failedIn === 'tls' ? nowMs - this.#phaseBeganMs : (fresh?.tlsMs ?? null)),
      firstByteMs: rounded(answeredMs === null ? null : answeredMs - this.#sentMs),
      bodyMs: rounded(this.#answeredMs === null ? null : nowMs - this.#answeredMs),
      totalMs: rounded(nowMs - this.#startedMs) ?? 0,
    };
  }

  #respond(truncated: boolean): void {
    const pooled = this.#pooled;
    if (truncated) pooled?.destroy();
    // One microtask later undici has closed the socket if this response was its last.
    else if (pooled !== undefined) queueMicrotask(() => this.#options.tools.pools.release(pooled));
    const { status, headers, body } = this.#response;
    this.#settle({ kind: 'response', status, headers, body, truncated, timings: this.#timings() });
  }

  #fail(failure: EgressFailure, beforeAnyByte = false): void {
    if (this.#isDone) return;
    const { headers, body } = this.#response;
    const status = this.#answeredMs === null ? null : this.#response.status;
    this.#settle(
      outcomeOfFailure(failure, { status, headers, body, beforeAnyByte }, this.#timings(this.#phase)),
    );
    this.#withdraw();
    this.#pooled?.destroy();
  }

  #settle(outcome: RequestOutcome): void {
    this.#isDone = true;
    this.#options.tools.running.delete(this);
    this.#cancelTimer();
    this.#body.close();
    if (this.#onSignal !== undefined) this.#options.signal?.removeEventListener('abort', this.#onSignal);
    this.#resolve?.(outcome);
  }
}
