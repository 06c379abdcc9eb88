import { accessSettings } from '@tidings/access';
import { consumerGroups, eventTypePolicies } from '@tidings/contracts';
import { httpSettings, rateLimitSetting } from '@tidings/http';
import { kafkaSettings } from '@tidings/kafka';
import { mongodbSettings } from '@tidings/mongodb';
import { choice, duration, integer, optional, sharedSettings, text, url } from '@tidings/runtime';
import { limits } from './subscriptions/domain/limits.ts';

const second = 1_000;
const hour = 3_600 * second;

/** Settings of the subscription service. */
export const configSpec = {
  ...httpSettings('SUBSCRIPTION'),
  ...accessSettings,
  requestsPerSecond: rateLimitSetting('SUBSCRIPTION', 100),
  ...kafkaSettings,
  ...mongodbSettings,
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
    help: 'MongoDB database of the registry',
  }),
  workspacePolicy: choice({
    env: 'WORKSPACE_POLICY',
    values: eventTypePolicies,
    default: 'strict',
    help: 'policy with which the workspace WORKSPACE_ID is created if it does not exist: strict rejects event types and consumers that are not registered, open accepts them',
  }),
  maxPerWorkspace: integer({
    env: 'SUBSCRIPTION_MAX_PER_WORKSPACE',
    default: 1_000,
    min: 1,
    max: 100_000,
    help: 'maximum number of subscriptions of a new workspace, without deleted ones',
  }),
  requestOrigin: text({
    env: 'SUBSCRIPTION_REQUEST_ORIGIN',
    default: 'tidings.localhost',
    pattern: /^[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$/,
    help: 'DNS name for which endpoints are asked to give their consent (verify: challenge)',
  }),
  portalUrl: optional(
    url({
      env: 'PORTAL_URL',
      help: 'the address of the portal as the browsers of partners reach it, such as https://webhooks.example.com/portal; without it no links to the portal can be created',
    }),
  ),
  healthGroup: text({
    env: 'SUBSCRIPTION_HEALTH_GROUP',
    default: consumerGroups.endpointHealth,
    pattern: /^[A-Za-z0-9._-]{1,128}$/,
    help: 'consumer group that counts attempts; a new one reads the topic again from its beginning, which does not change the counts',
  }),
  secretOverlapMs: duration({
    env: 'SUBSCRIPTION_SECRET_OVERLAP',
    default: 600 * second,
    min: 0,
    max: limits.overlapSeconds.max * second,
    help: 'how long the old secrets sign beside the new one after a rotation without overlap_seconds',
  }),
  publishWaitMs: duration({
    env: 'SUBSCRIPTION_PUBLISH_WAIT',
    default: second,
    min: 0,
    max: 10 * second,
    help: 'how long a response waits until its change is propagated before it contains propagated: false',
  }),
  sweepEveryMs: duration({
    env: 'SUBSCRIPTION_SWEEP_EVERY',
    default: 10 * second,
    min: 100,
    max: 60 * second,
    help: 'how often versions that are not on their topic yet are published',
  }),
  countEveryMs: duration({
    env: 'SUBSCRIPTION_COUNT_EVERY',
    default: 5 * second,
    min: 50,
    max: 60 * second,
    help: 'how often failure_count and last_delivery_at are updated from the attempts',
  }),
  disableAfterFailures: integer({
    env: 'SUBSCRIPTION_DISABLE_AFTER_FAILURES',
    default: 100,
    min: 0,
    max: 1_000_000,
    help: 'consecutive failures after which a subscription is disabled, unless its workspace sets another number; 0 means never',
  }),
  disableAfterMs: duration({
    env: 'SUBSCRIPTION_DISABLE_AFTER',
    default: 120 * hour,
    min: hour,
    max: 90 * 24 * hour,
    help: 'how long all attempts of a subscription may fail before it is disabled',
  }),
  compareEveryMs: duration({
    env: 'SUBSCRIPTION_COMPARE_EVERY',
    default: hour,
    min: second,
    max: 24 * hour,
    help: 'how often the registry is compared with its topics',
  }),
} as const;
