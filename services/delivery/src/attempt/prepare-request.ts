import type { DeliveryRequested, SubscriptionRecord } from '@tidings/contracts';
import { childTraceparent } from '@tidings/observability';
import { requestHeaders } from '@tidings/webhook-request';
import type { DeliveryRequest, SigningKeys } from '../ports.ts';

type PrepareInput = Readonly<{
  command: DeliveryRequested;
  subscription: SubscriptionRecord;
  keys: SigningKeys;
  nowMs: number;
}>;

/** Builds the request of one attempt. The body is the command's, byte for byte. */
export const prepareRequest = ({ command, subscription, keys, nowMs }: PrepareInput): DeliveryRequest => {
  const { state, body, traceparent } = command;
  const { endpointUrl: url, headers: ownHeaders, timeoutMs } = subscription;
  const headers = requestHeaders({
    state,
    ownHeaders,
    body,
    keys,
    nowMs,
    traceparent: childTraceparent(traceparent ?? undefined),
  });
  const request = { url, headers, body, timeoutMs, mask: keys.mask };
  return keys.tls === null ? request : { ...request, tls: keys.tls };
};
