/** Thrown by a step that no further attempt can help: it fails for good. */
export class NonRetriableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'NonRetriableError';
  }
}

/** Thrown by a step that must not be attempted again before a time: after `seconds`, or at a date. Its tries still count. */
export class RetryAfterError extends Error {
  /** Seconds to wait, or the time of the next attempt. */
  readonly retryAfter: number | Date;

  constructor(message: string, retryAfter: number | Date, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RetryAfterError';
    this.retryAfter = retryAfter;
  }
}
