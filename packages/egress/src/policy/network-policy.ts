import type { Cidr } from './networks.ts';

/**
 * An address of this installation that must never be an endpoint. `host` is an address, `0.0.0.0` or `::` for every
 * address of this machine, or a name; without `port` every port counts.
 */
export type OwnListener = Readonly<{ host: string; port?: number }>;

/** The operator's settings for the addresses that partners choose. Everything else is fixed by the rules. */
export type NetworkPolicy = Readonly<{
  /**
   * Networks that are exempt from the scheme, port, name and address rules although they are not public
   * (DANGEROUSLY_ALLOWED_NETWORKS). Empty means none.
   */
  allowedNetworks: readonly Cidr[];
  /** True allows URLs that begin with `http://` (ALLOW_HTTP_ENDPOINTS); port 80 is then allowed as well. */
  allowHttp: boolean;
  /** Ports of public addresses. Default 443 and 8443, and 80 for `http://`. */
  allowedPorts?: readonly number[];
  /** Names of this installation: refused together with all names below them. */
  ownDomains?: readonly string[];
  /** Sockets of this installation: refused even inside an allowed network. */
  ownListeners?: readonly OwnListener[];
  /** The network's own NAT64 prefixes inside 2000::/3, which no table can list. Refused whole. */
  nat64Prefixes?: readonly Cidr[];
}>;

/** The name of {@link NetworkPolicy} where only a URL is checked. */
export type UrlPolicy = NetworkPolicy;

/** Ports of a public endpoint unless the policy sets others. */
export const defaultPorts: readonly number[] = [443, 8443];
