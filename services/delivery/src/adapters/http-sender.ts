import type { Egress, EgressOutcome } from '@tidings/egress';
import type { SendOutcome } from '../domain/send-outcome.ts';
import type { DeliveryRequest, SendRequest } from '../ports.ts';

const outcomeOf = (outcome: EgressOutcome): SendOutcome => {
  if (outcome.kind === 'response') return outcome;
  const { reason, detail, timings } = outcome;
  return reason === 'aborted' ? { kind: 'aborted', detail } : { kind: 'failed', reason, detail, timings };
};

/**
 * The endpoint closed an idle socket just as we used it: the request has not been looked at. It goes out once more at
 * once, on the same attempt; whatever comes of that is the outcome.
 */
const isWorthRepeating = (outcome: EgressOutcome): boolean =>
  outcome.kind === 'failed' && outcome.reason === 'reset' && outcome.beforeAnyByte;

/** Sends through the guarded client. `onRepeat` is told of each repeat in place. */
export const createHttpSender =
  (egress: Pick<Egress, 'send'>, onRepeat: () => void): SendRequest =>
  async (request: DeliveryRequest) => {
    const first = await egress.send(request);
    if (!isWorthRepeating(first)) return outcomeOf(first);
    onRepeat();
    return outcomeOf(await egress.send(request));
  };
