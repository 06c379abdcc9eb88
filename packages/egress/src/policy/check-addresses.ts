import type { EgressFailure } from '../failure.ts';
import { classifyAddress, isOwnListener } from './address-policy.ts';
import type { NetworkPolicy } from './network-policy.ts';
import type { ReadUrl } from './url-policy.ts';

/**
 * Checks all addresses of a URL's host (SSRF guard), all or nothing. One address that is not public refuses the whole name, because
 * selecting a good one would leave the choice to the operator of the DNS server. The scheme, port and name rules are
 * waived only if every address lies in an allowed network. Null means allowed.
 */
export function checkAddresses(
  read: ReadUrl,
  addresses: readonly string[],
  policy: NetworkPolicy,
): EgressFailure | null {
  let isExempt = true;
  for (const address of addresses) {
    if (isOwnListener(address, read.port, policy)) {
      return {
        reason: 'blocked-address',
        detail: `${address}:${read.port} is a listener of this installation`,
      };
    }
    const addressClass = classifyAddress(address, policy);
    if (addressClass.kind === 'blocked') {
      return { reason: 'blocked-address', detail: `${read.host}: ${addressClass.detail}` };
    }
    if (addressClass.kind === 'public') isExempt = false;
  }
  const [violation] = read.waivable;
  if (violation === undefined || isExempt) return null;
  return { reason: 'invalid-url', detail: `${violation.rule}: ${violation.detail}` };
}
