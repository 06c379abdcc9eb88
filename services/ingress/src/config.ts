import { accessSettings } from '@tidings/access';
import { maxLargeBytes } from '@tidings/contracts';
import { httpSettings, rateLimitSetting } from '@tidings/http';
import { kafkaSettings } from '@tidings/kafka';
import { storageSettings } from '@tidings/object-storage';
import { duration, integer, optional, sharedSettings, text } from '@tidings/runtime';

/** Settings for operators. */
export const configSpec = {
  ...httpSettings('INGRESS'),
  ...accessSettings,
  requestsPerSecond: rateLimitSetting('INGRESS', 0),
  ...kafkaSettings,
  loopId: sharedSettings.loopId,
  sealingKeys: sharedSettings.sealingKeys,
  maxEventBytes: integer({
    env: 'INGRESS_MAX_EVENT_BYTES',
    default: 262_144,
    min: 1_024,
    max: 900_000,
    help: 'the largest event, as bytes of its JSON text; a record of the log holds at most 1,000,000',
  }),
  maxLargeEventBytes: integer({
    env: 'INGRESS_MAX_LARGE_EVENT_BYTES',
    default: 0,
    min: 0,
    max: maxLargeBytes,
    help: 'the largest event whose data go to the object storage, as bytes of its JSON text; 0: events above INGRESS_MAX_EVENT_BYTES are refused',
  }),
  ...storageSettings,
  publishDeadlineMs: duration({
    env: 'INGRESS_PUBLISH_DEADLINE',
    default: 4_000,
    min: 100,
    max: 4_500,
    help: 'how long a request waits for the log before the response is 503; a response is promised within 5 s',
  }),
  targetWaitMs: duration({
    env: 'INGRESS_TARGET_WAIT',
    default: 50,
    min: 10,
    max: 4_000,
    help: 'the wait, from arrival to acknowledgement, that nine of ten accepted requests stay below under overload; more are refused',
  }),
  maxWaitingRequests: integer({
    env: 'INGRESS_MAX_WAITING_REQUESTS',
    default: 2_000,
    min: 128,
    max: 20_000,
    help: 'requests in progress at once, whatever their wait; one counts once more for each 64 KiB of its body',
  }),
  maxWaitingBytes: integer({
    env: 'INGRESS_MAX_WAITING_BYTES',
    default: 201_326_592,
    min: 33_554_432,
    max: 8_589_934_592,
    help: 'bytes of the bodies of all requests in progress at once; one key or source may have a third of them',
  }),
  spoolDir: optional(
    text({
      env: 'INGRESS_SPOOL_DIR',
      help: 'a folder on a local disk where accepted events wait while Kafka does not acknowledge; each instance has its own; unset: no spool',
    }),
  ),
  spoolMaxBytes: integer({
    env: 'INGRESS_SPOOL_MAX_BYTES',
    default: 1_073_741_824,
    min: 1_048_576,
    max: 1_099_511_627_776,
    help: 'the largest size of the spool, in bytes',
  }),
} as const;

/**
 * Milliseconds for which events that may be spooled wait for the log: the least patient provider that is documented
 * waits for 3 s.
 */
export const spoolPatienceMs = 2_000;

/**
 * Age up to which ingress trusts what it knew of keys, workspaces, sources and event types while the brokers are away, in
 * milliseconds, also after a restart: a key that was revoked meanwhile is valid for that long.
 */
export const snapshotMaxAgeMs = 86_400_000;

/** Maximum items in one batch. */
export const maxBatchEvents = 1_000;

/** Maximum size of one batch, in bytes. */
export const maxBatchBytes = 4 * 1024 * 1024;

/** Maximum size of the data of a received webhook, in bytes: its record also has up to 8 KiB of headers. */
export const maxReceivedBytes = 900_000;

/** Maximum events of one received webhook: a body of 1 MB can have as many as a third of its bytes. */
export const maxReceivedEvents = 5_000;
