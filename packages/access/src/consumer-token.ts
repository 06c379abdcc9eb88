import { type AccessScope, consumerScopes, type TokenKeyRecord } from '@tidings/contracts';
import { errors, importJWK, type JWK, type JWTPayload, jwtVerify, SignJWT } from 'jose';

/** Claims of a consumer token. `madeBy` is the id of the key that requested it: the token ends with that key. */
export type ConsumerToken = Readonly<{
  id: string;
  workspaceId: string;
  consumerId: string;
  scopes: readonly AccessScope[];
  madeBy: string;
  issuedAtMs: number;
  expiresAtMs: number;
}>;

/** A token whose signature is valid. `kid` is the id of the token key that signed it. */
export type VerifiedToken = ConsumerToken & Readonly<{ kid: string }>;

const algorithm = 'EdDSA';
const issuer = 'tidings';
const audience = 'tidings-api';
// Covers clock differences between the operator's own machines.
const clockToleranceSeconds = 5;

const seconds = (epochMs: number): number => Math.floor(epochMs / 1_000);

/** Signs a token (JWT, EdDSA). `kid` is the id of the token key. */
export async function signConsumerToken(
  token: ConsumerToken,
  key: Readonly<{ kid: string; privateJwk: JWK }>,
): Promise<string> {
  return new SignJWT({ ws: token.workspaceId, scopes: [...token.scopes], key: token.madeBy })
    .setProtectedHeader({ alg: algorithm, typ: 'JWT', kid: key.kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(token.consumerId)
    .setJti(token.id)
    .setIssuedAt(seconds(token.issuedAtMs))
    .setExpirationTime(seconds(token.expiresAtMs))
    .sign(await importJWK(key.privateJwk, algorithm));
}

/** Returns true for text in the form of a token: three parts separated by dots. */
export const looksLikeToken = (text: string): boolean => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text);

/**
 * Verifies a token: signature, issuer, audience, times, and that its signing key belongs to the workspace it names.
 * Returns null for a token that is foreign, expired or of another form.
 */
export async function verifyConsumerToken(
  text: string,
  keyOf: (kid: string) => TokenKeyRecord | undefined,
  nowMs: number,
): Promise<VerifiedToken | null> {
  let signedBy: TokenKeyRecord | undefined;
  try {
    const { payload } = await jwtVerify(
      text,
      async ({ kid = '' }) => {
        const key = keyOf(kid);
        if (key === undefined) throw new errors.JWKSNoMatchingKey();
        signedBy = key;
        return importJWK({ ...key.jwk }, algorithm);
      },
      {
        algorithms: [algorithm],
        issuer,
        audience,
        currentDate: new Date(nowMs),
        clockTolerance: clockToleranceSeconds,
        requiredClaims: ['sub', 'jti', 'iat', 'exp'],
      },
    );
    if (signedBy === undefined || payload['ws'] !== signedBy.workspaceId) return null;
    const token = readClaims(payload);
    return token && { ...token, kid: signedBy.id };
  } catch (error) {
    // The library rejects an invalid token with JOSEError. Any other error is a defect here.
    if (error instanceof errors.JOSEError) return null;
    throw error;
  }
}

function readClaims(payload: JWTPayload): ConsumerToken | null {
  const { sub, jti, iat, exp, ws, scopes, key } = payload as JWTPayload & Record<string, unknown>;
  if (typeof ws !== 'string' || typeof key !== 'string' || !Array.isArray(scopes)) return null;
  const known = consumerScopes.filter((scope) => scopes.includes(scope));
  return {
    id: jti ?? '',
    workspaceId: ws,
    consumerId: sub ?? '',
    scopes: known,
    madeBy: key,
    issuedAtMs: (iat ?? 0) * 1_000,
    expiresAtMs: (exp ?? 0) * 1_000,
  };
}
