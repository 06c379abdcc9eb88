import { publicKeyOf } from '@tidings/signing';
import { type Finding, finding } from './finding.ts';
import { matchingForm } from './other-forms.ts';
import { type Scheme, schemeOf, signsOf } from './scheme.ts';
import { isSigned, type SignedRequest } from './signed-request.ts';
import { unexplained } from './unexplained.ts';

/** The result: valid without findings. `ageSeconds`: of the signed time; null without one. */
export type Explanation = Readonly<{
  valid: boolean;
  provider: string;
  header: string;
  secret: number | null;
  ageSeconds: number | null;
  findings: readonly Finding[];
}>;

const defaultToleranceSeconds = 300;

/** Verifies a signature and says everything that is wrong with it. No text quotes a secret. Never throws for a request. */
export function explainSignature(request: SignedRequest): Explanation {
  const trusted = { ...request, secrets: request.secrets.map(publicHalf) };
  const scheme = schemeOf(request.provider.name, request.headers, request.options);
  const missing = missingHeaders(trusted, scheme);
  const time = scheme.time?.(request.headers);
  const matching =
    missing.length > 0 ? -1 : trusted.secrets.findIndex((one) => isSigned(trusted, [one], time));
  const isTime = time !== undefined && /^\d{1,12}$/.test(time);
  const isReadable = missing.length === 0 && (isTime || scheme.time === undefined);
  const findings = [
    ...missing,
    ...(matching < 0 && isReadable ? signatureFindings(trusted, scheme, time) : []),
    ...(missing.length > 0 ? [] : timeFindings(trusted, scheme, time)),
  ];
  return {
    valid: findings.length === 0,
    provider: request.provider.name,
    header: scheme.signature,
    secret: matching < 0 ? null : matching + 1,
    ageSeconds: isTime ? request.nowSeconds - Number(time) : null,
    findings,
  };
}

// The sender's own key verifies as well as the public half that receivers have.
function publicHalf(secret: string): string {
  if (!secret.startsWith('whsk_')) return secret;
  try {
    return publicKeyOf(secret);
  } catch {
    // Not a key: its form is reported with the others.
    return secret;
  }
}

function missingHeaders({ headers, provider, options }: SignedRequest, scheme: Scheme): readonly Finding[] {
  const names = [scheme.signature, ...scheme.others];
  const repeated = provider.reads(options).filter((name) => headers.isRepeated(name));
  const twice = repeated.map((name) => ({
    code: 'repeated-header',
    detail: `The header ${name} was sent more than once: which one counts would be a guess.`,
  }));
  const others = signsOf(headers).filter((one) => one.provider !== provider.name);
  return [
    ...twice,
    ...names
      .filter((name) => headers.get(name) === undefined)
      .map((name) => ({ code: 'missing-header', detail: missingText(name, others) })),
  ];
}

function missingText(
  name: string,
  others: readonly Readonly<{ header: string; provider: string }>[],
): string {
  const [other] = others;
  if (other === undefined) return `The header ${name} is missing or empty.`;
  if (other.header === 'x-hub-signature')
    return `The header ${name} is missing: the request has X-Hub-Signature only, which is SHA-1 at GitHub.`;
  return `The header ${name} is missing, but there is ${other.header}: use --provider ${other.provider}.`;
}

function timeFindings(
  { nowSeconds, toleranceSeconds }: SignedRequest,
  scheme: Scheme,
  time: string | undefined,
): readonly Finding[] {
  if (scheme.time === undefined) return [];
  if (time === undefined) return [finding('malformed-time', 'The signature has no time.')];
  if (!/^\d{1,12}$/.test(time)) {
    const hint = /^\d{13}$/.test(time) ? ', got milliseconds' : '';
    return [finding('malformed-time', `The time '${time}' must be whole seconds since 1970${hint}.`)];
  }
  const limit = toleranceSeconds ?? scheme.toleranceSeconds ?? defaultToleranceSeconds;
  const age = nowSeconds - Number(time);
  const days = Math.abs(age) >= 86_400 ? ` (${(Math.abs(age) / 86_400).toFixed(1)} days)` : '';
  if (age > limit)
    return [
      finding(
        'old-time',
        `The time is ${age} s old${days}; the limit is ${limit} s. A replay, or a slow clock or queue.`,
      ),
    ];
  if (-age > limit)
    return [
      finding(
        'new-time',
        `The time is ${-age} s in the future${days}; the limit is ${limit} s. Check the clocks.`,
      ),
    ];
  return [];
}

function signatureFindings(
  request: SignedRequest,
  scheme: Scheme,
  time: string | undefined,
): readonly Finding[] {
  const { provider, headers, secrets, options } = request;
  const keys = otherKind(scheme, headers.get(scheme.signature) ?? '', secrets);
  if (keys !== null) return [keys];
  const form = matchingForm(request, scheme, time);
  if (form !== null) return form;
  const faults = secrets.flatMap((secret, at) => {
    const fault = provider.secretFault(secret, options);
    return fault === null ? [] : [finding('secret-form', `Secret ${at + 1}: ${fault}.`)];
  });
  return faults.length > 0 ? faults : [unexplained(request, scheme)];
}

/** Returns the fault of keys of one kind for signatures of the other; null if they fit. */
function otherKind(scheme: Scheme, value: string, secrets: readonly string[]): Finding | null {
  if (!scheme.isDecoded) return null;
  const has = (version: string): boolean => value.split(/[ ]+/).some((one) => one.startsWith(`${version},`));
  const isPublic = secrets.map((secret) => secret.startsWith('whpk_'));
  if (has('v1a') && !has('v1') && !isPublic.includes(true))
    return finding(
      'other-kind-of-key',
      'The request has a v1a signature (ed25519) only: verify it with the public key, whpk_…, not with a secret.',
    );
  if (has('v1') && !has('v1a') && !isPublic.includes(false))
    return finding(
      'other-kind-of-key',
      'The request has a v1 signature (HMAC) only: verify it with the secret, whsec_…, not with a public key.',
    );
  return null;
}
