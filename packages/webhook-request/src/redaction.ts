import { type Mask, maskedText, maskOf } from './mask-secrets.ts';
import { lowerCaseHeaders } from './request-headers.ts';

type Header = readonly [name: string, value: string];

/** The secrets of a subscription and its own headers, opened for sending. */
export type EndpointSecrets = Readonly<{
  /** Signing secrets, the expired ones too: an endpoint may still have them. */
  secrets: readonly string[];
  secretHeaders: readonly Header[];
  /** Headers that may be shown. */
  headers: Readonly<Record<string, string>>;
}>;

/** Removes the secrets of one subscription from what its attempts record. */
export type Redaction = Readonly<{
  mask: Mask;
  /** The subscription's own headers as they are recorded, names in lower case. */
  ownHeaders: ReadonlyMap<string, string>;
}>;

/** Creates the redaction of a subscription, once for all attempts of a version. */
export function redactionOf({ secrets, secretHeaders, headers }: EndpointSecrets): Redaction {
  const mask = maskOf([...secrets, ...secretHeaders.map(([, value]) => value)]);
  const shown = Object.entries(lowerCaseHeaders(Object.entries(headers)));
  return {
    mask,
    ownHeaders: new Map([
      // A header that may be shown can contain a secret by mistake.
      ...shown.map(([name, value]): Header => [name, mask.text(value, false)]),
      ...secretHeaders.map(([name]): Header => [name.toLowerCase(), maskedText]),
    ]),
  };
}
