import type { Egress, EgressRequest } from './create-egress.ts';
import type { EgressOutcome } from './outcome.ts';

/**
 * Sends a request, and once more at once when the endpoint closed an idle socket just as it was used: it has not looked at
 * the request then, so both are one attempt. Whatever comes of the repeat is the outcome. `onRepeat` is told of it.
 */
export async function sendWithRepeat(
  egress: Pick<Egress, 'send'>,
  request: EgressRequest,
  onRepeat: () => void = () => {},
): Promise<EgressOutcome> {
  const first = await egress.send(request);
  if (first.kind !== 'failed' || first.reason !== 'reset' || !first.beforeAnyByte) return first;
  onRepeat();
  return egress.send(request);
}
