import { eventTypePolicies } from '@tidings/contracts';
import { httpSettings, rateLimitSetting } from '@tidings/http';
import { choice, duration, integer, sharedSettings, text } from '@tidings/runtime';
import { limits } from './subscriptions/domain/limits.ts';

const second = 1_000;
const hour = 3_600 * second;

/** Settings of the subscription service. */
export const configSpec = {
  ...httpSettings('SUBSCRIPTION'),
  requestsPerSecond: rateLimitSetting('SUBSCRIPTION', 100),
  kafkaBrokers: sharedSettings.kafkaBrokers,
  mongodbUri: sharedSettings.mongodbUri,
  adminKey: sharedSettings.adminKey,
  workspaceId: sharedSettings.workspaceId,
  sealingKeys: sharedSettings.sealingKeys,
  dangerouslyAllowedNetworks: sharedSettings.dangerouslyAllowedNetworks,
  allowHttpEndpoints: sharedSettings.allowHttpEndpoints,
  ownListeners: sharedSettings.ownListeners,
  loopId: sharedSettings.loopId,
  database: text({
    env: 'SUBSCRIPTION_DATABASE',
    default: 'tidings_registry',
    pattern: /^[A-Za-z0-9_-]{1,38}$/,
    help: 'the MongoDB database that holds the registry',
  }),
  workspacePolicy: choice({
    env: 'WORKSPACE_POLICY',
    values: eventTypePolicies,
    default: 'strict',
    help: 'what WORKSPACE_ID is made with when there is no such workspace: strict refuses event types and consumers that are not registered, open takes them',
  }),
  maxPerWorkspace: integer({
    env: 'SUBSCRIPTION_MAX_PER_WORKSPACE',
    default: 1_000,
    min: 1,
    max: 100_000,
    help: 'how many subscriptions a new workspace may have, deleted ones not counted',
  }),
  requestOrigin: text({
    env: 'SUBSCRIPTION_REQUEST_ORIGIN',
    default: 'tidings.localhost',
    pattern: /^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/,
    help: 'the DNS name by which endpoints are asked for their consent (verify: challenge)',
  }),
  healthGroup: text({
    env: 'SUBSCRIPTION_HEALTH_GROUP',
    default: 'tidings-subscription-health',
    pattern: /^[A-Za-z0-9._-]{1,128}$/,
    help: 'the consumer group that counts attempts; a new one counts the topic again from its beginning, which changes nothing',
  }),
  secretOverlapMs: duration({
    env: 'SUBSCRIPTION_SECRET_OVERLAP',
    default: 600 * second,
    min: 0,
    max: limits.overlapSeconds.max * second,
    help: 'how long old and new secret sign together after a rotation that does not say',
  }),
  publishWaitMs: duration({
    env: 'SUBSCRIPTION_PUBLISH_WAIT',
    default: second,
    min: 0,
    max: 10 * second,
    help: 'how long an answer waits for its change to be in force before it says propagated: false',
  }),
  sweepEveryMs: duration({
    env: 'SUBSCRIPTION_SWEEP_EVERY',
    default: 3 * second,
    min: 100,
    max: 60 * second,
    help: 'how often versions that are not on the topic yet are looked for',
  }),
  countEveryMs: duration({
    env: 'SUBSCRIPTION_COUNT_EVERY',
    default: 5 * second,
    min: 50,
    max: 60 * second,
    help: 'how often attempts are counted into failure_count and last_delivery_at',
  }),
  disableAfterFailures: integer({
    env: 'SUBSCRIPTION_DISABLE_AFTER_FAILURES',
    default: 100,
    min: 0,
    max: 1_000_000,
    help: 'failures in a row after which a subscription is disabled, where its workspace does not say; 0 is never',
  }),
  disableAfterMs: duration({
    env: 'SUBSCRIPTION_DISABLE_AFTER',
    default: 120 * hour,
    min: hour,
    max: 90 * 24 * hour,
    help: 'how long a subscription may do nothing but fail before it is disabled',
  }),
  compareEveryMs: duration({
    env: 'SUBSCRIPTION_COMPARE_EVERY',
    default: hour,
    min: second,
    max: 24 * hour,
    help: 'how often registry and topic are compared',
  }),
} as const;
