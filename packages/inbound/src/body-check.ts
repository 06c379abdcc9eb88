import { createHmac } from 'node:crypto';
import { type HmacAlgorithm, isAnyEqual } from './constant-time.ts';
import type { BodyCheck, HookFailure, InboundRequest, RequestHead, Verification } from './provider.ts';

/**
 * Signatures that are expected of a body: the HMAC, in this encoding and behind this prefix, of `before` and the body, by one
 * of the secrets. `given`: those that the request has.
 */
export type ExpectedHmac = Readonly<{
  secrets: readonly string[];
  before?: string;
  algorithm?: HmacAlgorithm;
  encoding?: 'hex' | 'base64';
  prefix?: string;
  given: readonly string[];
}>;

/** Begins to verify a body by an HMAC. */
export function checkHmac({
  secrets,
  before = '',
  algorithm = 'sha256',
  encoding = 'hex',
  prefix = '',
  given,
}: ExpectedHmac): BodyCheck {
  const hmacs = secrets.map((secret) => createHmac(algorithm, secret).update(before));
  return {
    update: (chunk) => {
      for (const hmac of hmacs) hmac.update(chunk);
    },
    failure: () => {
      const expected = hmacs.map((hmac) => prefix + hmac.digest(encoding));
      return isAnyEqual(expected, given) ? null : 'no-matching-signature';
    },
  };
}

/** Returns the check of a body whose headers alone decide. */
export const decided = (failure: HookFailure | null): BodyCheck => ({
  update: () => {},
  failure: () => failure,
});

/** Returns the verification of a whole body by the check of one that comes in chunks. */
export const verifyBy =
  (checkBody: (head: RequestHead, against: Verification) => BodyCheck) =>
  (request: InboundRequest, against: Verification): HookFailure | null => {
    const check = checkBody(request, against);
    check.update(request.body);
    return check.failure();
  };
