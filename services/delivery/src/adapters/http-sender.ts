import { type Egress, sendWithRepeat } from '@tidings/egress';
import type { SendRequest } from '../ports.ts';

/** Sends through the guarded client. `onRepeat` is told of each repeat in place. */
export const createHttpSender =
  (egress: Pick<Egress, 'send'>, onRepeat: () => void): SendRequest =>
  async (request) => {
    const outcome = await sendWithRepeat(egress, request, onRepeat);
    if (outcome.kind === 'response') return outcome;
    const { reason, detail, timings } = outcome;
    return reason === 'aborted' ? { kind: 'aborted', detail } : { kind: 'failed', reason, detail, timings };
  };
