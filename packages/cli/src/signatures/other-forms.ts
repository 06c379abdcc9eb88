import type { InboundHeaders } from '@tidings/inbound/tools';
import { bodyForms } from './body-forms.ts';
import { type Finding, finding } from './finding.ts';
import type { Scheme } from './scheme.ts';
import { secretForms } from './secret-forms.ts';
import { isSigned, type SignedRequest } from './signed-request.ts';

type Candidate = Readonly<{
  findings: readonly Finding[];
  secrets: readonly string[];
  body: Buffer;
  headers: InboundHeaders;
}>;

/** Returns what is wrong by the form of body, secret or header that makes the signature right; null without one. */
export function matchingForm(
  request: SignedRequest,
  scheme: Scheme,
  time: string | undefined,
): readonly Finding[] | null {
  for (const { findings, secrets, body, headers } of candidates(request, scheme)) {
    if (isSigned({ ...request, body, headers }, secrets, time)) return findings;
  }
  return null;
}

// One deviation first, then two: a body and a secret, or a header and one of them.
function* candidates(request: SignedRequest, scheme: Scheme): Generator<Candidate> {
  const { body, headers, secrets } = request;
  const bodies = [...bodyForms(body)].map((form) => ({
    ...{ body: form.body, secrets, headers },
    findings: [finding('other-body', `The signature is that of ${form.description}.`)],
  }));
  const keys = secrets.flatMap((secret) =>
    [...secretForms(secret, scheme.isDecoded)].map((form) => ({
      ...{ body, secrets: [form.secret], headers },
      findings: [finding('secret-form', form.description)],
    })),
  );
  const forms = headerForms(request, scheme).map((form) => ({
    ...{ body, secrets, headers: form },
    findings: [
      finding('header-form', `The header ${scheme.signature} must have ${scheme.form?.description ?? ''}.`),
    ],
  }));
  yield* bodies;
  yield* keys;
  yield* forms;
  for (const key of keys)
    for (const one of bodies)
      yield { ...one, secrets: key.secrets, findings: [...one.findings, ...key.findings] };
  for (const form of forms)
    for (const one of [...bodies, ...keys])
      yield { ...one, headers: form.headers, findings: [...one.findings, ...form.findings] };
}

/** Returns the headers with each SHA-256 in the signature header written as the scheme has it. */
function headerForms(
  { headers, rawHeaders, headersOf }: SignedRequest,
  { form, signature }: Scheme,
): readonly InboundHeaders[] {
  const value = headers.get(signature);
  if (form === undefined || value === undefined) return [];
  const hex = value.match(/[0-9a-fA-F]{64}/g) ?? [];
  const base64 = value.match(/[A-Za-z0-9+/_-]{43}/g) ?? [];
  const digests = [
    ...hex.map((one) => Buffer.from(one, 'hex')),
    ...base64.map((one) => Buffer.from(one, 'base64')),
  ];
  const others = rawHeaders.filter((_, at) => rawHeaders[at - (at % 2)]?.toLowerCase() !== signature);
  return digests.slice(0, 8).map((digest) => headersOf([...others, signature, form.write(digest, value)]));
}
