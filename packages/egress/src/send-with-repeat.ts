import type { RequestOutcome } from '@tidings/contracts';
import type { Egress, EgressRequest } from './create-egress.ts';

/**
 * Sends a request, and repeats it once, immediately and on a fresh connection, if an idle socket was lost before any
 * byte of a response. The endpoint most likely closed the socket as it was used and did not process the request, so
 * both count as one attempt. The outcome is that of the repeat. Calls `onRepeat` if it repeats.
 */
export async function sendWithRepeat(
  egress: Pick<Egress, 'send'>,
  request: EgressRequest,
  onRepeat: () => void = () => {},
): Promise<RequestOutcome> {
  const first = await egress.send(request);
  if (first.kind === 'response' || !first.beforeAnyByte) return first;
  onRepeat();
  return egress.send({ ...request, freshSocket: true });
}
