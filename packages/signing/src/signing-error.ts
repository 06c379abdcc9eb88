/** The closed list of faults in a caller's input. */
export const signingErrorCodes = [
  'invalid-secret',
  'invalid-key',
  'invalid-id',
  'invalid-timestamp',
] as const;

/** One of {@link signingErrorCodes}. */
export type SigningErrorCode = (typeof signingErrorCodes)[number];

/** A fault of the caller: an invalid secret or key, or an id with a dot. Its message never contains a secret. */
export class SigningError extends Error {
  readonly code: SigningErrorCode;

  constructor(code: SigningErrorCode, message: string) {
    super(message);
    this.name = 'SigningError';
    this.code = code;
  }
}
