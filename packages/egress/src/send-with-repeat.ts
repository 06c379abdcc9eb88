import type { Egress, EgressRequest } from './create-egress.ts';
import type { EgressOutcome } from './outcome.ts';

/**
 * Sends a request, and once more at once, on a fresh connection, when an idle socket was lost before any byte of an answer:
 * most likely the endpoint closed it just as it was used and has not looked at the request, so both are one attempt.
 * Whatever comes of the repeat is the outcome. `onRepeat` is told of it.
 */
export async function sendWithRepeat(
  egress: Pick<Egress, 'send'>,
  request: EgressRequest,
  onRepeat: () => void = () => {},
): Promise<EgressOutcome> {
  const first = await egress.send(request);
  if (first.kind !== 'failed' || !first.beforeAnyByte) return first;
  onRepeat();
  return egress.send({ ...request, freshSocket: true });
}
