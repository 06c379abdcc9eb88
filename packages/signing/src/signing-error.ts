/** What can be wrong with what the caller of this package gave, as a closed list. */
export const signingErrorCodes = [
  'invalid-secret',
  'invalid-key',
  'invalid-id',
  'invalid-timestamp',
] as const;

/** One of {@link signingErrorCodes}. */
export type SigningErrorCode = (typeof signingErrorCodes)[number];

/** A fault of the caller: a secret or key that is not one, an id with a dot. Its message never shows a secret. */
export class SigningError extends Error {
  readonly code: SigningErrorCode;

  constructor(code: SigningErrorCode, message: string) {
    super(message);
    this.name = 'SigningError';
    this.code = code;
  }
}
