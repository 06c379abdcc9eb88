import type { Egress } from '@tidings/egress';
import type { CheckEndpoint } from '../ports.ts';

/**
 * Validates a URL by the current addresses of its name. The guard checks the address again at connect, and its result
 * is final.
 */
export const endpointRule =
  (egress: Pick<Egress, 'checkEndpoint'>): CheckEndpoint =>
  async (url) => {
    const check = await egress.checkEndpoint(url);
    if (!check.ok) return { faults: check.violations.map(({ detail }) => detail), warnings: [] };
    const warning = `'${check.url.hostname}' has no address in DNS at this time: deliveries fail until it has one`;
    return { faults: [], warnings: check.isUnresolved ? [warning] : [] };
  };
