import { httpSettings } from '@tidings/http';
import { duration, integer, list, optional, secret, urls } from '@tidings/runtime';

const { host: operatorHost, port: operatorPort } = httpSettings('CONSOLE_OPERATOR');

/** The settings of this service. */
export const configSpec = {
  ...httpSettings('CONSOLE'),
  operatorHost,
  operatorPort,
  ingressUrls: urls({ env: 'INGRESS_URL', help: 'set it to the origins of the instances of ingress' }),
  subscriptionUrls: urls({
    env: 'SUBSCRIPTION_URL',
    help: 'set it to the origins of the instances of subscription',
  }),
  historyUrls: urls({ env: 'HISTORY_URL', help: 'set it to the origins of the instances of history' }),
  fanoutUrls: urls({
    env: 'FANOUT_URL',
    help: 'set it to the origins of the instances of fanout (for the status page)',
  }),
  deliveryUrls: urls({
    env: 'DELIVERY_URL',
    help: 'set it to the origins of the instances of delivery (for the status page)',
  }),
  upstreamTimeoutMs: duration({
    env: 'CONSOLE_UPSTREAM_TIMEOUT',
    default: 120_000,
    min: 1_000,
    max: 3_600_000,
    help: 'how long a service may send nothing within a response before the connection is closed',
  }),
  maxIngressRequests: integer({
    env: 'CONSOLE_MAX_INGRESS_REQUESTS',
    default: 2_048,
    min: 1,
    max: 65_536,
    help: 'requests forwarded to ingress at once; more are answered 503. Ingress decides what is too much, so this exceeds INGRESS_MAX_WAITING_REQUESTS of all its instances',
  }),
  fetchTimeoutMs: duration({
    env: 'CONSOLE_ASK_TIMEOUT',
    default: 1_000,
    min: 100,
    max: 10_000,
    help: 'how long the status page waits for the state of a service',
  }),
  sessionKeys: optional(
    secret({
      env: 'CONSOLE_SESSION_KEYS',
      help: "the key ring that seals sessions, 'id:base64key', the primary one first; a key has 32 bytes. Without it sessions end when the console restarts, and belong to one instance",
    }),
  ),
  sessionIdleMs: duration({
    env: 'CONSOLE_SESSION_IDLE',
    default: 30 * 60_000,
    min: 60_000,
    max: 24 * 3_600_000,
    help: 'how long a session lasts without a request of a person',
  }),
  sessionMaxMs: duration({
    env: 'CONSOLE_SESSION_MAX',
    default: 12 * 3_600_000,
    min: 60_000,
    max: 30 * 24 * 3_600_000,
    help: 'how long a session lasts in all',
  }),
  portalOrigins: list({
    env: 'CONSOLE_PORTAL_ORIGINS',
    default: [],
    // They become part of a policy, where a space or a semicolon would begin another rule. `*.` and `:*` are wildcards.
    pattern: /^https?:\/\/(\*\.)?[A-Za-z0-9.-]+(:(\d{1,5}|\*))?$/,
    help: 'comma-separated origins whose pages may embed the portal in a frame, such as https://app.example.com; empty allows none',
  }),
} as const;
