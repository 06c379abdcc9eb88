import { httpSettings } from '@tidings/http';
import { duration, url } from '@tidings/runtime';

const { host: operatorHost, port: operatorPort } = httpSettings('CONSOLE_OPERATOR');

/** The settings of this service. */
export const configSpec = {
  ...httpSettings('CONSOLE'),
  operatorHost,
  operatorPort,
  ingressUrl: url({ env: 'INGRESS_URL', help: 'set it to the origin of the ingress service' }),
  subscriptionUrl: url({ env: 'SUBSCRIPTION_URL', help: 'set it to the origin of the subscription service' }),
  historyUrl: url({ env: 'HISTORY_URL', help: 'set it to the origin of the history service' }),
  fanoutUrl: url({
    env: 'FANOUT_URL',
    help: 'set it to the origin of the fanout service (for the status page)',
  }),
  deliveryUrl: url({
    env: 'DELIVERY_URL',
    help: 'set it to the origin of the delivery service (for the status page)',
  }),
  upstreamTimeoutMs: duration({
    env: 'CONSOLE_UPSTREAM_TIMEOUT',
    default: 120_000,
    min: 1_000,
    max: 3_600_000,
    help: 'how long a service may send nothing within a response before the connection is closed',
  }),
  fetchTimeoutMs: duration({
    env: 'CONSOLE_ASK_TIMEOUT',
    default: 1_000,
    min: 100,
    max: 10_000,
    help: 'how long the status page waits for the state of a service',
  }),
} as const;
