import { checkSeconds } from './check-input.ts';

/** The closed list of reasons why a request is refused. */
export const verifyFailures = [
  'missing-id',
  'missing-timestamp',
  'missing-signature',
  'malformed-id',
  'malformed-timestamp',
  'timestamp-too-old',
  'timestamp-too-new',
  'no-matching-signature',
] as const;

/** One of {@link verifyFailures}. */
export type VerifyFailure = (typeof verifyFailures)[number];

/** The headers as Node provides them (names in any case), or as fetch does. */
export type IncomingHeaders =
  | Readonly<Record<string, string | readonly string[] | undefined>>
  | Readonly<{ get: (name: string) => string | null }>;

/** The id (the same on every attempt: dedupe by it) and the time of this attempt, or the reason for the refusal. */
export type VerifyResult =
  | Readonly<{ ok: true; id: string; timestampSeconds: number }>
  | Readonly<{ ok: false; reason: VerifyFailure }>;

/** The result for a request whose signatures match no key. */
export const noMatch = { ok: false, reason: 'no-matching-signature' } as const satisfies VerifyResult;

/**
 * Content of the headers of a request: `signedText` is signed before the body, `signatures` are the first five different
 * ones of a known version.
 */
export type SignedHead = Readonly<{
  ok: true;
  id: string;
  timestampSeconds: number;
  signedText: string;
  signatures: readonly Readonly<{ version: 'v1' | 'v1a'; signature: string }>[];
}>;

/** The input of {@link readSignedHead}, as in VerifyInput. */
export type SignedHeadInput = Readonly<{
  headers: IncomingHeaders;
  toleranceSeconds?: number;
  nowSeconds?: number;
}>;

const defaultToleranceSeconds = 300;

// The rest is ignored: each costs a signature check, and a sender has a handful of keys.
const maxSignatures = 5;

/**
 * Reads the three headers and checks everything but the signatures themselves. Uses no module of Node. Throws TypeError
 * for numbers of the wrong kind.
 */
export function readSignedHead(
  input: SignedHeadInput,
): SignedHead | Extract<VerifyResult, Readonly<{ ok: false }>> {
  checkSeconds('toleranceSeconds', input.toleranceSeconds);
  checkSeconds('nowSeconds', input.nowSeconds);
  const id = header(input.headers, 'webhook-id');
  const timestamp = header(input.headers, 'webhook-timestamp');
  const signatures = header(input.headers, 'webhook-signature');
  if (id === undefined) return refused('missing-id');
  if (timestamp === undefined) return refused('missing-timestamp');
  if (signatures === undefined) return refused('missing-signature');
  if (id.includes('.')) return refused('malformed-id');
  if (!/^\d{1,12}$/.test(timestamp)) return refused('malformed-timestamp');
  const timestampSeconds = Number(timestamp);
  const nowSeconds = input.nowSeconds ?? Math.floor(Date.now() / 1000);
  const toleranceSeconds = input.toleranceSeconds ?? defaultToleranceSeconds;
  if (timestampSeconds < nowSeconds - toleranceSeconds) return refused('timestamp-too-old');
  if (timestampSeconds > nowSeconds + toleranceSeconds) return refused('timestamp-too-new');
  // The header's own text is signed, not the number parsed from it: '0123' and '123' differ.
  const signedText = `${id}.${timestamp}.`;
  return { ok: true, id, timestampSeconds, signedText, signatures: signaturesIn(signatures) };
}

function refused(reason: VerifyFailure): Readonly<{ ok: false; reason: VerifyFailure }> {
  return { ok: false, reason };
}

/** Returns the first signatures of v1 and v1a that differ. */
const signaturesIn = (header: string): SignedHead['signatures'] =>
  [...new Set(header.split(' '))]
    .filter((one) => /^v1a?,/.test(one))
    .slice(0, maxSignatures)
    .map((one) => {
      const comma = one.indexOf(',');
      return { version: one.slice(0, comma) as 'v1' | 'v1a', signature: one.slice(comma + 1) };
    });

function header(headers: IncomingHeaders, name: string): string | undefined {
  const value: unknown = typeof headers.get === 'function' ? headers.get(name) : lookUp(headers, name);
  const text: unknown = Array.isArray(value) ? value[0] : value;
  return typeof text === 'string' && text !== '' ? text : undefined;
}

function lookUp(headers: IncomingHeaders, name: string): unknown {
  const exact: unknown = Reflect.get(headers, name);
  if (exact !== undefined) return exact;
  const found = Object.entries(headers).find(([given]) => given.toLowerCase() === name);
  return found?.[1];
}
