import type { Access } from '@tidings/access';
import type { ServiceContext } from '@tidings/observability';
import type { configSpec } from '../config.ts';
import type { metricsCatalogue } from '../metrics.ts';
import { Admission, type Arrival } from './admission.ts';
import { RequestAdmission } from './admit-request.ts';

const bearer = 'Bearer ';

/** Creates the admission of this process with its settings and metrics. `table`: the keys, by which senders are known. */
export function openAdmission(
  { config, clock, logger, metrics }: ServiceContext<typeof configSpec, typeof metricsCatalogue>,
  table: Pick<Access['table'], 'keyOf'>,
): RequestAdmission {
  const { maxWaitingRequests: requests, maxWaitingBytes: bytes, targetWaitMs: targetMs } = config;
  const admission = new Admission({ limits: { requests, bytes, targetMs }, clock });
  const { handles } = metrics;
  handles.requestLimit.collect((gauge) => gauge.set({}, admission.limit));
  handles.waitingRequests.collect((gauge) => gauge.set({}, admission.held.requests));
  handles.waitingBytes.collect((gauge) => gauge.set({}, admission.held.bytes));
  const senderOf = (authorization: string): Pick<Arrival, 'sender' | 'isLast'> | undefined => {
    const key = table.keyOf(authorization.slice(bearer.length));
    return key === undefined ? undefined : { sender: key.id, isLast: key.spool === true };
  };
  return new RequestAdmission({ admission, senderOf, clock, logger, metrics: handles });
}
