import type { RequestOutcome } from '@tidings/contracts';
import type { EgressRequest } from '@tidings/egress';

/** The request of one attempt. */
export type DeliveryRequest = Pick<EgressRequest, 'url' | 'headers' | 'body' | 'timeoutMs' | 'tls'>;

/** Sends one request. Never rejects: every failure is an outcome. */
export type SendRequest = (request: DeliveryRequest) => Promise<RequestOutcome>;
