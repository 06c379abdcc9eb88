import { checkHmac, verifyBy } from '../body-check.ts';
import type { HmacAlgorithm } from '../constant-time.ts';
import type { InboundHeaders } from '../headers.ts';
import { headersIn, locate, locatorOption } from '../locator.ts';
import {
  type BodyCheck,
  type HeaderCheck,
  type HookFailure,
  lengthFault,
  type Provider,
  type RequestHead,
  type SourceOptions,
  type Verification,
} from '../provider.ts';
import { defaultToleranceSeconds, timestampFault } from '../timestamp.ts';
import { timedListCheck, timedListFault } from './stripe.ts';

const headerName = {
  type: 'string',
  minLength: 1,
  maxLength: 100,
  pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
} as const;

/** The options that say where a request has its id, its type and its resource. */
export const locators = {
  id: locatorOption('the id, which is the same in every repeat'),
  type: locatorOption('the type of the event'),
  ordering_key: locatorOption('the resource whose events stay in order'),
} as const;

const locatorNames = Object.keys(locators);

const options = {
  header: { ...headerName, description: 'The header with the signature. Default: X-Webhook-Signature.' },
  format: {
    type: 'string',
    enum: ['value', 'timed-list'],
    description:
      'Form of the header: the signature alone (default), or `t=<seconds>,v1=<hex>` as Stripe sends it, where the signature is over `<t>.<body>`.',
  },
  algorithm: { type: 'string', enum: ['sha256', 'sha512', 'sha1'], description: 'Default: sha256.' },
  encoding: {
    type: 'string',
    enum: ['hex', 'base64'],
    description: 'Encoding of the signature. Default: hex.',
  },
  prefix: {
    type: 'string',
    maxLength: 32,
    description:
      'Text before the signature. Default: the algorithm and `=`, such as `sha256=`; none for base64.',
  },
  timestamp_header: {
    ...headerName,
    description: 'The header with the seconds since 1970. The signature is then over `<timestamp>.<body>`.',
  },
  tolerance_seconds: {
    type: 'integer',
    minimum: 1,
    maximum: 604_800,
    description: 'Accepted difference of the timestamp in both directions. Default: 300.',
  },
  ...locators,
} as const satisfies Provider['options'];

const textOf = (given: SourceOptions, name: keyof typeof options, otherwise: string): string => {
  const value = given[name];
  return typeof value === 'string' ? value : otherwise;
};
/** Returns the name of the header with the signature. */
export const signatureHeader = (given: SourceOptions): string =>
  textOf(given, 'header', 'x-webhook-signature');

/** Returns how the signature is made and written. */
export function signatureForm(given: SourceOptions) {
  const algorithm = textOf(given, 'algorithm', 'sha256') as HmacAlgorithm;
  const encoding = textOf(given, 'encoding', 'hex') as 'hex' | 'base64';
  return { algorithm, encoding, prefix: textOf(given, 'prefix', encoding === 'hex' ? `${algorithm}=` : '') };
}

function checkHeaders(
  headers: InboundHeaders,
  { options: given, nowSeconds }: HeaderCheck,
): HookFailure | null {
  const signature = headers.get(signatureHeader(given));
  const toleranceSeconds = Number(given['tolerance_seconds'] ?? defaultToleranceSeconds);
  if (given['format'] === 'timed-list') return timedListFault(signature, nowSeconds, toleranceSeconds);
  if (signature === undefined) return 'missing-signature';
  const name = given['timestamp_header'];
  return typeof name === 'string' ? timestampFault(headers.get(name), nowSeconds, toleranceSeconds) : null;
}

function checkBody(head: RequestHead, { secrets, options: given }: Verification): BodyCheck {
  const { headers } = head;
  const name = signatureHeader(given);
  if (given['format'] === 'timed-list') return timedListCheck(head, secrets, name);
  const { algorithm, encoding, prefix } = signatureForm(given);
  const timestampName = given['timestamp_header'];
  const timestamp = typeof timestampName === 'string' ? headers.get(timestampName) : undefined;
  const before = timestamp === undefined ? '' : `${timestamp}.`;
  return checkHmac({ secrets, before, algorithm, encoding, prefix, given: [headers.get(name) ?? ''] });
}

/** Any sender that signs the body with an HMAC. */
export const genericHmac: Provider = {
  name: 'generic-hmac',
  typePrefix: 'generic',
  maxBytes: 25 * 1024 * 1024,
  contentTypes: undefined,
  answerWithinMs: 10_000,
  retrySpanSeconds: 86_400,
  options,
  reads: (given) => [
    signatureHeader(given),
    ...headersIn(given, [...locatorNames]),
    ...(typeof given['timestamp_header'] === 'string' ? [given['timestamp_header']] : []),
  ],
  credentials: (given) => [signatureHeader(given)],
  secretFault: lengthFault,
  checkHeaders,
  verify: verifyBy(checkBody),
  checkBody,
  id: (hook) => locate(hook, 'id'),
  type: (hook) => locate(hook, 'type'),
  orderingKey: (hook) => locate(hook, 'ordering_key'),
};
