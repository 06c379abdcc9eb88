import type { LookupResult } from './dns/dns-cache.ts';
import { classifyAddress, isOwnListener } from './policy/address-policy.ts';
import type { NetworkPolicy } from './policy/network-policy.ts';
import { checkUrl, isLocalhostName, readUrl, type UrlCheck, type UrlViolation } from './policy/url-policy.ts';

/** {@link UrlCheck} with `isUnresolved`: the URL passes, and its host does not resolve at present. */
export type EndpointCheck =
  | (Extract<UrlCheck, { ok: true }> & Readonly<{ isUnresolved: boolean }>)
  | Extract<UrlCheck, { ok: false }>;

/**
 * Runs {@link checkUrl}, then resolves the name and applies the same rules as at connect. A name that does not resolve
 * is checked by its text alone, since its DNS records may be added later. No detail contains an address that the caller
 * did not write.
 */
export async function checkEndpoint(
  original: string,
  policy: NetworkPolicy,
  find: (hostname: string) => Promise<LookupResult>,
): Promise<EndpointCheck> {
  const read = readUrl(original, policy);
  const byText = checkUrl(original, policy);
  const isName = read.url !== null && read.literal === null && !isLocalhostName(read.host);
  // A lookup can waive scheme, port and name rules only if the operator allowed any networks.
  const canBeWaived =
    read.final.length === 0 && read.written.length === 0 && policy.allowedNetworks.length > 0;
  if (!isName || (!byText.ok && !canBeWaived)) return resolved(byText);
  const entry = await find(read.host);
  if (!entry.ok) return byText.ok ? { ...byText, isUnresolved: true } : byText;
  const violation = checkResolved(read.host, entry.addresses, { policy, port: read.port });
  if (violation !== null) return { ok: false, ...violation, violations: [violation] };
  const isExempt = entry.addresses.every((address) => classifyAddress(address, policy).kind === 'allowed');
  return resolved(isExempt && read.url !== null ? { ok: true, url: read.url } : byText);
}

const resolved = (check: UrlCheck): EndpointCheck => (check.ok ? { ...check, isUnresolved: false } : check);

function checkResolved(
  host: string,
  addresses: readonly string[],
  { policy, port }: Readonly<{ policy: NetworkPolicy; port: number }>,
): UrlViolation | null {
  if (addresses.some((address) => isOwnListener(address, port, policy))) {
    return { rule: 'own-listener', detail: `'${host}' cannot be an endpoint` };
  }
  if (addresses.some((address) => classifyAddress(address, policy).kind === 'blocked')) {
    return { rule: 'resolved-address', detail: `'${host}' resolves to an address that is not public` };
  }
  return null;
}
