import type { InboundHeaders, SourceOptions } from '@tidings/inbound/tools';

/** A provider as an explanation knows it: where its signature and time are, and the form of the signature. */
export type Scheme = Readonly<{
  signature: string;
  /** Headers that it needs beside the signature. */
  others: readonly string[];
  /** Returns the text of the signed time; undefined without one. */
  time?(headers: InboundHeaders): string | undefined;
  /** Default: 300 s; Infinity for a provider whose times are not limited. */
  toleranceSeconds?: number;
  /** Returns the value of the header for the bytes of a signature, and says what that form is. */
  form?: Readonly<{ description: string; write(digest: Buffer, value: string): string }>;
  /** True if the key is what the base64 of `whsec_…` encodes. */
  isDecoded: boolean;
}>;

const hub = (signature: string): Scheme => ({
  signature,
  others: [],
  isDecoded: false,
  form: {
    description: "'sha256=' and lower-case hexadecimal",
    write: (digest) => `sha256=${digest.toString('hex')}`,
  },
});

const standard = (headers: InboundHeaders): Scheme => {
  const prefix = headers.get('webhook-signature') === undefined && isSvix(headers) ? 'svix' : 'webhook';
  return {
    signature: `${prefix}-signature`,
    others: [`${prefix}-id`, `${prefix}-timestamp`],
    time: (given) => given.get(`${prefix}-timestamp`),
    isDecoded: true,
    form: {
      description: "'v1,' and base64, with a space between several",
      write: (digest) => `v1,${digest.toString('base64')}`,
    },
  };
};

const isSvix = (headers: InboundHeaders): boolean => headers.get('svix-signature') !== undefined;

const timedList = (signature: string): Scheme => ({
  signature,
  others: [],
  isDecoded: false,
  time: (headers) => /(?:^|,)\s*t=([^,]*)/.exec(headers.get(signature) ?? '')?.[1],
  form: {
    description: "'t=<seconds>,v1=' and lower-case hexadecimal",
    write: (digest, value) => `${/t=[^,]*/.exec(value)?.[0] ?? ''},v1=${digest.toString('hex')}`,
  },
});

function genericHmac(options: SourceOptions): Scheme {
  const signature = String(options['header'] ?? 'x-webhook-signature');
  if (options['format'] === 'timed-list') return timedList(signature);
  const encoding = options['encoding'] === 'base64' ? 'base64' : 'hex';
  const prefix = String(
    options['prefix'] ?? (encoding === 'hex' ? `${options['algorithm'] ?? 'sha256'}=` : ''),
  );
  const timeHeader = options['timestamp_header'];
  return {
    ...{ signature, isDecoded: false },
    others: timeHeader === undefined ? [] : [String(timeHeader)],
    ...(timeHeader !== undefined && { time: (headers: InboundHeaders) => headers.get(String(timeHeader)) }),
    form: {
      description: `${prefix === '' ? '' : `'${prefix}' and `}${encoding}`,
      write: (digest) => prefix + digest.toString(encoding),
    },
  };
}

const token = (signature: string): Scheme => ({ signature, others: [], isDecoded: false });

/** Returns what is known of a provider. */
export function schemeOf(provider: string, headers: InboundHeaders, options: SourceOptions): Scheme {
  switch (provider) {
    case 'stripe':
      return timedList('stripe-signature');
    case 'github':
      return hub('x-hub-signature-256');
    case 'bitbucket':
      return hub('x-hub-signature');
    case 'gitlab':
      return headers.get('webhook-signature') === undefined ? token('x-gitlab-token') : standard(headers);
    case 'shopify':
      return {
        ...token('x-shopify-hmac-sha256'),
        form: { description: 'base64', write: (digest) => digest.toString('base64') },
      };
    case 'slack':
      return {
        ...token('x-slack-signature'),
        others: ['x-slack-request-timestamp'],
        time: (given) => given.get('x-slack-request-timestamp'),
        form: {
          description: "'v0=' and lower-case hexadecimal",
          write: (digest) => `v0=${digest.toString('hex')}`,
        },
      };
    case 'sendgrid': {
      const time = 'x-twilio-email-event-webhook-timestamp';
      return {
        ...token('x-twilio-email-event-webhook-signature'),
        ...{ others: [time], time: (given) => given.get(time), toleranceSeconds: Infinity },
      };
    }
    case 'twilio':
      return token('x-twilio-signature');
    case 'cloudevents':
      return token('authorization');
    case 'generic-hmac':
      return genericHmac(options);
    case 'generic-token':
      return token(String(options['header'] ?? 'authorization'));
    default:
      return standard(headers);
  }
}

const marks: readonly (readonly [header: string, provider: string])[] = [
  ['webhook-signature', 'standard-webhooks'],
  ['svix-signature', 'standard-webhooks'],
  ['stripe-signature', 'stripe'],
  ['x-hub-signature-256', 'github'],
  ['x-gitlab-token', 'gitlab'],
  ['x-hub-signature', 'bitbucket'],
  ['x-shopify-hmac-sha256', 'shopify'],
  ['shopify-hmac-sha256', 'shopify'],
  ['x-slack-signature', 'slack'],
  ['x-twilio-email-event-webhook-signature', 'sendgrid'],
  ['x-twilio-signature', 'twilio'],
  ['x-webhook-signature', 'generic-hmac'],
];

/** Returns the providers whose signature headers a request has, with the header, the most likely first. */
export const signsOf = (headers: InboundHeaders): readonly Readonly<{ header: string; provider: string }>[] =>
  marks.flatMap(([header, provider]) => (headers.get(header) === undefined ? [] : [{ header, provider }]));
