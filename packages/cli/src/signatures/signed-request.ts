import type { InboundHeaders, Provider, SourceOptions } from '@tidings/inbound/tools';

/** A request as it was received, and what it is verified against. `url`: as the sender used it. */
export type SignedRequest = Readonly<{
  provider: Provider;
  headers: InboundHeaders;
  /** The headers again, names and values in turn. */
  rawHeaders: readonly string[];
  body: Buffer;
  url: string;
  secrets: readonly string[];
  options: SourceOptions;
  nowSeconds: number;
  /** Undefined: that of the provider. */
  toleranceSeconds: number | undefined;
  headersOf(raw: readonly string[]): InboundHeaders;
}>;

/** Returns true if the signature is right, whatever the time is. */
export function isSigned(
  {
    provider,
    url,
    headers,
    body,
    options,
  }: Pick<SignedRequest, 'provider' | 'url' | 'headers' | 'body' | 'options'>,
  secrets: readonly string[],
  time: string | undefined,
): boolean {
  if (time !== undefined && !/^\d{1,12}$/.test(time)) return false;
  try {
    const against = { secrets, options, nowSeconds: Number(time ?? 0) };
    return provider.verify({ url, headers, body }, against) === null;
  } catch {
    // A secret that is no key of this scheme: it matches nothing.
    return false;
  }
}
