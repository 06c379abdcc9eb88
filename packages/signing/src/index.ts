export { generateKeyPair, generateSecret } from './generate-secret.ts';
export {
  maxSecretBytes,
  minSecretBytes,
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
export { SigningError, type SigningErrorCode, signingErrorCodes } from './signing-error.ts';
export {
  type IncomingHeaders,
  type VerifyFailure,
  type VerifyInput,
  type VerifyPlainInput,
  type VerifyResult,
  verify,
  verifyFailures,
  verifyPlain,
} from './verify.ts';
