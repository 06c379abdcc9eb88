import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Problem, problemTable } from '@tidings/http';
import type { Logger, Metrics } from '@tidings/observability';
import { AppError, type Clock } from '@tidings/runtime';
import type { metricsCatalogue } from '../metrics.ts';
import type { Admission, Arrival, Permit, Refusal } from './admission.ts';

/** Options of {@link RequestAdmission}. */
export type RequestAdmissionOptions = Readonly<{
  admission: Admission;
  /** Returns the sender of a known key, by the header Authorization. */
  senderOf(authorization: string): Pick<Arrival, 'sender' | 'isLast'> | undefined;
  clock: Pick<Clock, 'monotonicMs'>;
  logger: Logger;
  metrics: Pick<Metrics<typeof metricsCatalogue>['handles'], 'refusedRequests' | 'waitSeconds'>;
}>;

/** A request whose body is not read yet, and its response. */
export type Incoming = Readonly<{ request: IncomingMessage; response: ServerResponse }>;

// A line for each refusal would cost more than the refusal.
const logEveryMs = 10_000;

/** Admission of HTTP requests: an admitted one has its room until its response has ended, however it ends. */
export class RequestAdmission {
  readonly #options: RequestAdmissionOptions;
  readonly #permits = new WeakMap<IncomingMessage, Permit>();
  readonly #refused = { sender: 0, all: 0 };
  #loggedMs = -Infinity;

  constructor(options: RequestAdmissionOptions) {
    this.#options = options;
  }

  /**
   * Returns the refusal of a request of which only the headers were read, before anything else is done with it: what is
   * refused must cost little, or the overload stays. Undefined if it is for the rest to decide.
   */
  refuseEarly({ method, url = '', headers }: IncomingMessage): Problem | undefined {
    const { admission, senderOf } = this.#options;
    if (!admission.isBusy || method !== 'POST' || !url.startsWith('/v1/')) return undefined;
    let refusal = admission.refuseAll();
    if (refusal === null && url.startsWith('/v1/events')) {
      const sender = senderOf(headers.authorization ?? '');
      if (sender !== undefined) refusal = admission.refuse({ ...sender, bytes: 0 });
    }
    if (refusal === null) return undefined;
    this.#count(refusal);
    const code = codeOf(refusal);
    const { status } = problemTable[code];
    return { status, code, detail: textOf(refusal), retryAfterMs: refusal.retryAfterMs };
  }

  /** Takes room for a request until its response ends. Returns the refusal if there is none. */
  take({ request, response }: Incoming, arrival: Arrival): Refusal | null {
    const { admission } = this.#options;
    const taken = admission.take(arrival);
    if ('scope' in taken) return taken;
    this.#permits.set(request, taken);
    response.once('close', () => {
      const waitMs = taken.end(isAnswered(response));
      if (waitMs !== null) this.#options.metrics.waitSeconds.observe({}, waitMs / 1_000);
    });
    return null;
  }

  /** Takes room for a request. Throws AppError `rate-limited` if its key has its share, and `unavailable` if all is full. */
  admit(incoming: Incoming, arrival: Arrival): void {
    const refusal = this.take(incoming, arrival);
    if (refusal !== null) throw this.refused(refusal, textOf(refusal));
  }

  /** Notes that the body of an admitted request is complete. Not for one that is a stream, whose sender sets its pace. */
  begin(request: IncomingMessage): void {
    this.#permits.get(request)?.begin();
  }

  /** Counts a refusal and returns its error, with the text for the caller. */
  refused(refusal: Refusal, message: string): AppError {
    this.#count(refusal);
    const { retryAfterMs } = refusal;
    return new AppError({ code: codeOf(refusal), message, isPublic: true, isCounted: true, retryAfterMs });
  }

  #count({ scope, limit }: Refusal): void {
    const { clock, logger, admission, metrics } = this.#options;
    metrics.refusedRequests.inc({ scope, limit });
    this.#refused[scope] += 1;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.#loggedMs < logEveryMs) return;
    this.#loggedMs = nowMs;
    const { requests, bytes } = admission.held;
    logger.warn(
      { refused: { ...this.#refused }, requests, bytes, limit: admission.limit },
      'admission.refused',
    );
    this.#refused.sender = 0;
    this.#refused.all = 0;
  }
}

// Other refusals say nothing about the log, nor does a caller who has left.
const isAnswered = ({ writableFinished, statusCode }: ServerResponse): boolean =>
  writableFinished && (statusCode < 300 || statusCode === 503);

const codeOf = ({ scope }: Refusal): 'rate-limited' | 'unavailable' =>
  scope === 'sender' ? 'rate-limited' : 'unavailable';

function textOf({ scope, limit, held, allowed }: Refusal): string {
  const unit = limit === 'bytes' ? 'bytes of requests' : 'requests';
  const what =
    scope === 'sender'
      ? `Your key has ${held} ${unit} in progress and a share of ${allowed} now`
      : `${held} ${unit} are in progress, and ${allowed} may be now`;
  return `${what}: nothing was written. Repeat the request when Retry-After has passed, and send fewer at once.`;
}
