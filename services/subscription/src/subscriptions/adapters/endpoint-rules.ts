import { checkHeader, type Egress } from '@tidings/egress';
import type { CheckEndpoint, CheckHeader } from '../ports.ts';

/** Judges a URL with what its name resolves to now; the guard at connect has the last word whatever this says. */
export const endpointRule =
  (egress: Pick<Egress, 'checkEndpoint'>): CheckEndpoint =>
  async (url) => {
    const check = await egress.checkEndpoint(url);
    if (!check.ok) return { faults: check.violations.map(({ detail }) => detail), warnings: [] };
    const warning = `'${check.url.hostname}' has no address in DNS at this time: deliveries fail until it has one`;
    return { faults: [], warnings: check.isUnresolved ? [warning] : [] };
  };

/** Judges a header as the HTTP client would when it is sent. */
export const headerRule: CheckHeader = (name, value) => {
  const check = checkHeader(name, value);
  return check.ok ? null : check.detail;
};
