export { generateKeyPair, generateSecret } from './generate-secret.ts';
export { maxSecretBytes, minSecretBytes } from './key-bytes.ts';
export {
  type PreparedSecret,
  preparePublicKey,
  prepareSecret,
  publicKeyOf,
} from './prepared-secret.ts';
export {
  type PlainInput,
  type SignInput,
  type StreamSignatures,
  type StreamSigner,
  type StreamSignInput,
  sign,
  signHeaders,
  signPlain,
  streamSigner,
  type WebhookHeaders,
} from './sign.ts';
export {
  type IncomingHeaders,
  type VerifyFailure,
  type VerifyResult,
  verifyFailures,
} from './signed-head.ts';
export { SigningError, type SigningErrorCode, signingErrorCodes } from './signing-error.ts';
export { type VerifyInput, type VerifyPlainInput, verify, verifyPlain } from './verify.ts';
