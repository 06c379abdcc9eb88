import { httpSettings } from '@tidings/http';
import { kafkaSettings } from '@tidings/kafka';
import { storageSettings } from '@tidings/object-storage';
import { boolean, duration, integer, sharedSettings } from '@tidings/runtime';

/** Settings for operators. Every service also reads LOG_LEVEL and OTEL_*. */
export const configSpec = {
  ...httpSettings('DELIVERY'),
  ...kafkaSettings,
  sealingKeys: sharedSettings.sealingKeys,
  dangerouslyAllowedNetworks: sharedSettings.dangerouslyAllowedNetworks,
  allowHttpEndpoints: sharedSettings.allowHttpEndpoints,
  ownListeners: sharedSettings.ownListeners,
  loopId: sharedSettings.loopId,
  concurrency: integer({
    env: 'DELIVERY_CONCURRENCY',
    default: 256,
    min: 1,
    max: 10_000,
    help: 'requests in flight at once; a subscription with none in flight may exceed it up to four times',
  }),
  maxPendingPerPartition: integer({
    env: 'DELIVERY_MAX_PENDING_PER_PARTITION',
    default: 4_000,
    min: 10,
    max: 100_000,
    help: 'commands of one partition in memory; above it the partition is paused',
  }),
  maxPendingBytesPerPartition: integer({
    env: 'DELIVERY_MAX_PENDING_BYTES_PER_PARTITION',
    default: 8_388_608,
    min: 1_048_576,
    max: 1_073_741_824,
    help: 'bytes of one partition in memory; above it the partition is paused',
  }),
  maxOrderedBacklog: integer({
    env: 'DELIVERY_MAX_ORDERED_BACKLOG',
    default: 10_000,
    min: 1,
    max: 1_000_000,
    help: 'live commands that may wait for one ordered subscription, and likewise those of replays; further ones become dead letters',
  }),
  maxCachedBodyBytes: integer({
    env: 'DELIVERY_MAX_HELD_BODY_BYTES',
    default: 33_554_432,
    min: 0,
    max: 4_294_967_296,
    help: 'bytes of bodies in memory of commands that wait in ordered queues; the others are read back from the changelog',
  }),
  lingerMs: duration({
    env: 'DELIVERY_GATHER',
    default: 25,
    min: 0,
    max: 1_000,
    help: 'how long records of ended requests (at most 16) and due retries may wait to be written together; deferrals wait ten times as long',
  }),
  recordSuccessBodies: boolean({
    env: 'DELIVERY_RECORD_SUCCESS_BODIES',
    default: false,
    help: 'record the first 16 KiB of the response body of successful attempts too, not only the first KiB; failed ones have 16 KiB in any case',
  }),
  drainMs: duration({
    env: 'DELIVERY_DRAIN',
    default: 15_000,
    min: 0,
    max: 16_000,
    help: 'how long a stopping process waits for requests in flight',
  }),
  relays: boolean({
    env: 'DELIVERY_RELAYS',
    default: true,
    help: 'false leaves the retry ladder to other instances',
  }),
  ...storageSettings,
} as const;

/** Maximum ended requests that wait to be recorded. Above it no request is sent: the log may be unavailable. */
export const maxUnrecorded = 2_000;

/** Maximum bytes of large bodies in memory, for signatures that need the whole body; further ones wait. */
export const maxHeldLargeBytes = 64 * 1024 * 1024;

/** Maximum commands in memory that are due within a second. */
export const maxDelayed = 512;

/** Factor by which subscriptions with nothing in flight may exceed the concurrency. */
export const hardCapFactor = 4;

/** Bounds of the memory of finished attempts, which is used to drop copies of their commands. */
export const finishedAttemptsBounds = { rememberMs: 600_000, maxChainsPerGeneration: 1_000_000 } as const;

/**
 * Maximum compressed bytes fetched of a partition at once. A larger piece would
 * block the event loop while it is decoded.
 */
export const maxFetchBytes = 131_072;
