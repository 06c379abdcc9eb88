import { BoundedMap } from '@tidings/runtime';
import type { PoolTarget } from '../connection/origin-pool.ts';
import type { LookupResult } from '../dns/dns-cache.ts';
import type { EgressFailure } from '../failure.ts';
import { checkAddresses } from '../policy/check-addresses.ts';
import type { NetworkPolicy } from '../policy/network-policy.ts';
import { isLocalhostName, localhostAddresses, type ReadUrl, readUrl } from '../policy/url-policy.ts';

/** A URL, prepared once for all its requests. */
export type PreparedUrl = {
  readonly policy: NetworkPolicy;
  readonly read: ReadUrl;
  readonly origin: string;
  readonly isTls: boolean;
  readonly path: string;
  /** The addresses if no lookup is needed: a literal, or `localhost`. */
  readonly fixed: LookupResult | null;
  /** The reason why no request can be made, or null. */
  readonly failure: EgressFailure | null;
  /** The last checked answer and its result, so that the same answer is not checked twice. */
  checked: Readonly<{ entry: LookupResult; failure: EgressFailure | null }> | null;
  /** The pool target of requests without a policy key and TLS options of their own; created on first use. */
  target: PoolTarget | null;
};

const maxUrls = 4_096;

function fixedAddresses({ literal, host }: ReadUrl, policy: NetworkPolicy): LookupResult | null {
  const expiresAtMs = Number.POSITIVE_INFINITY;
  if (literal !== null) return { ok: true, addresses: [literal], expiresAtMs };
  if (!isLocalhostName(host)) return null;
  const addresses = localhostAddresses(policy);
  // RFC 6761: these names denote this machine and are never resolved by a server.
  return addresses.length > 0 ? { ok: true, addresses, expiresAtMs } : null;
}

function failureOfUrl(
  read: ReadUrl,
  fixed: LookupResult | null,
  policy: NetworkPolicy,
): EgressFailure | null {
  const [first] = read.final;
  if (first !== undefined) {
    const isAddress = read.final.some(({ rule }) => rule === 'address' || rule === 'own-listener');
    return {
      reason: isAddress ? 'blocked-address' : 'invalid-url',
      detail: `${first.rule}: ${first.detail}`,
    };
  }
  // Only an address inside an allowed network could waive these violations, and no network is allowed, so no lookup is
  // made.
  const [waivable] = read.waivable;
  if (waivable !== undefined && fixed === null && policy.allowedNetworks.length === 0) {
    return { reason: 'invalid-url', detail: `${waivable.rule}: ${waivable.detail}` };
  }
  if (fixed === null && isLocalhostName(read.host)) {
    return { reason: 'blocked-address', detail: `'${read.host}' is this machine` };
  }
  return null;
}

/** Prepares a URL for sending under a policy. */
function prepareUrl(original: string, policy: NetworkPolicy): PreparedUrl {
  const read = readUrl(original, policy);
  const fixed = fixedAddresses(read, policy);
  const { url } = read;
  return {
    policy,
    read,
    origin: url === null ? '' : `${url.protocol}//${url.host}`,
    isTls: url?.protocol === 'https:',
    path: url === null ? '' : `${url.pathname}${url.search}`,
    fixed,
    failure: failureOfUrl(read, fixed, policy),
    checked: null,
    target: null,
  };
}

/** Checks an answer and caches the result on the URL while that answer is current. */
export function checkLookup(url: PreparedUrl, entry: LookupResult): EgressFailure | null {
  if (url.checked?.entry === entry) return url.checked.failure;
  const failure = entry.ok ? checkAddresses(url.read, entry.addresses, url.policy) : null;
  url.checked = { entry, failure };
  return failure;
}

/** A bounded cache of prepared URLs, all under one policy. */
export class PreparedUrls {
  readonly #policy: NetworkPolicy;
  readonly #urls = new BoundedMap<string, PreparedUrl>(maxUrls);

  constructor(policy: NetworkPolicy) {
    this.#policy = policy;
  }

  /** Returns the prepared URL. */
  find(original: string): PreparedUrl {
    const known = this.#urls.get(original);
    if (known !== undefined) return known;
    const url = prepareUrl(original, this.#policy);
    this.#urls.set(original, url);
    return url;
  }
}
