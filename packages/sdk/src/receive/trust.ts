import type { IncomingHeaders } from '@tidings/signing/web';
import { checkNames, type Names } from '../check-arguments.ts';

/**
 * Trust of a receiver. `secrets` (`whsec_…`) and `publicKeys` (`whpk_…`): during a rotation both the old and the new.
 * `toleranceSeconds`: maximum difference between the delivery's timestamp and now (default 300).
 */
export type TrustOptions = Readonly<{
  secrets?: readonly string[];
  publicKeys?: readonly string[];
  toleranceSeconds?: number;
}>;

/** The input of a verification: `body` is the raw body, never a parsed and serialised copy. */
export type VerifyWebhookInput = TrustOptions &
  Readonly<{ headers: IncomingHeaders; body: Uint8Array | string; nowSeconds?: number }>;

/** The option names that a receiver configures. */
export const trustNames = {
  known: ['secrets', 'publicKeys', 'toleranceSeconds'],
  mistakenFor: {
    secret: 'secrets',
    signingSecret: 'secrets',
    publicKey: 'publicKeys',
    tolerance: 'toleranceSeconds',
  },
} as const satisfies Names;

const names: Names = {
  known: ['headers', 'body', 'nowSeconds', ...trustNames.known],
  mistakenFor: { ...trustNames.mistakenFor, payload: 'body', rawBody: 'body', header: 'headers' },
};

/** Throws TypeError for a member of the input that has no known name. */
export const checkVerifyNames = (input: VerifyWebhookInput): void =>
  checkNames('the argument of verifyWebhook', input, names);
