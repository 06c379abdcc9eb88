/** One fault in a request: a JSON pointer and a sentence. */
export type FaultDetail = Readonly<{ pointer: string; detail: string }>;

/** A refusal in the API's format (RFC 9457 problem+json with `code`, `errors` and `traceId`). */
export type Problem = Readonly<{
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  instance?: string;
  errors?: readonly FaultDetail[];
  traceId?: string;
}>;

/** The content of a {@link TidingsError}. */
export type TidingsErrorInit = Readonly<{
  message: string;
  status?: number;
  problem?: Problem;
  outcomeUnknown: boolean;
  idempotencyKey: string;
  attempts: number;
  cause?: unknown;
}>;

/**
 * A call that failed permanently. `status` and `problem` are those of the last response, undefined if there was none.
 * `outcomeUnknown` is true if the event may have been accepted nevertheless (503, timeout, network): publish it again
 * with the same `idempotencyKey`, and it is the same event.
 */
export class TidingsError extends Error {
  readonly status: number | undefined;
  readonly problem: Problem | undefined;
  readonly outcomeUnknown: boolean;
  readonly idempotencyKey: string;
  readonly attempts: number;

  constructor(init: TidingsErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = 'TidingsError';
    this.status = init.status;
    this.problem = init.problem;
    this.outcomeUnknown = init.outcomeUnknown;
    this.idempotencyKey = init.idempotencyKey;
    this.attempts = init.attempts;
  }
}
