/** Returns the name of an error of the SDK, which is its code. */
export const named = (error: unknown): string => (error instanceof Error ? error.name : '');
/** Returns true if there is no such object or upload. */
export const isMissing = (error: unknown): boolean =>
  ['NoSuchKey', 'NotFound', 'NoSuchUpload'].includes(named(error));

/** The names of errors that another try cannot change. */
export const finalErrors: readonly string[] = [
  'AccessDenied',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'NoSuchBucket',
  'EntityTooSmall',
  'EntityTooLarge',
  'InvalidPart',
  // Aborted, by another run or by a rule of the bucket.
  'NoSuchUpload',
  'CredentialsProviderError',
];
