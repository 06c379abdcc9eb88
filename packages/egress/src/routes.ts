import { BoundedMap } from '@tidings/runtime';
import type { BookEntry } from './address-book.ts';
import { checkAddresses } from './check-addresses.ts';
import type { EgressFailure } from './failure.ts';
import type { NetworkPolicy } from './network-policy.ts';
import type { PoolTarget } from './socket-pools.ts';
import { isLocalhostName, localhostAddresses, type ReadUrl, readUrl } from './url-policy.ts';

/** A URL, prepared once for all its requests. */
export type Route = {
  readonly policy: NetworkPolicy;
  readonly read: ReadUrl;
  readonly origin: string;
  readonly isTls: boolean;
  readonly path: string;
  /** The addresses if no lookup is needed: a literal, or `localhost`. */
  readonly fixed: BookEntry | null;
  /** The reason why no request can be made, or null. */
  readonly failure: EgressFailure | null;
  /** The last checked answer and its result, so that the same answer is not checked twice. */
  checked: Readonly<{ entry: BookEntry; failure: EgressFailure | null }> | null;
  /** The pool target of requests without a policy key and TLS options of their own; created on first use. */
  target: PoolTarget | null;
};

const maxRoutes = 4_096;

function fixedAddresses({ literal, host }: ReadUrl, policy: NetworkPolicy): BookEntry | null {
  const expiresAtMs = Number.POSITIVE_INFINITY;
  if (literal !== null) return { ok: true, addresses: [literal], expiresAtMs };
  if (!isLocalhostName(host)) return null;
  const addresses = localhostAddresses(policy);
  // RFC 6761: these names denote this machine and are never resolved by a server.
  return addresses.length > 0 ? { ok: true, addresses, expiresAtMs } : null;
}

function failureOfUrl(read: ReadUrl, fixed: BookEntry | null, policy: NetworkPolicy): EgressFailure | null {
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
function planRoute(original: string, policy: NetworkPolicy): Route {
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

/** Checks an answer and caches the result on the route while that answer is current. */
export function checkRoute(route: Route, entry: BookEntry): EgressFailure | null {
  if (route.checked?.entry === entry) return route.checked.failure;
  const failure = entry.ok ? checkAddresses(route.read, entry.addresses, route.policy) : null;
  route.checked = { entry, failure };
  return failure;
}

/** A bounded cache of prepared URLs, all under one policy. */
export class Routes {
  readonly #policy: NetworkPolicy;
  readonly #routes = new BoundedMap<string, Route>(maxRoutes);

  constructor(policy: NetworkPolicy) {
    this.#policy = policy;
  }

  /** Returns the prepared URL. */
  find(original: string): Route {
    const known = this.#routes.get(original);
    if (known !== undefined) return known;
    const route = planRoute(original, this.#policy);
    this.#routes.set(original, route);
    return route;
  }
}
