import { httpSettings, rateLimitSetting } from '@tidings/http';
import { duration, integer, sharedSettings } from '@tidings/runtime';

/** Settings for operators. */
export const configSpec = {
  ...httpSettings('INGRESS'),
  requestsPerSecond: rateLimitSetting('INGRESS', 0),
  kafkaBrokers: sharedSettings.kafkaBrokers,
  loopId: sharedSettings.loopId,
  maxEventBytes: integer({
    env: 'INGRESS_MAX_EVENT_BYTES',
    default: 262_144,
    min: 1_024,
    max: 900_000,
    help: 'the largest event, as bytes of its JSON text; a record of the log holds at most 1,000,000',
  }),
  publishDeadlineMs: duration({
    env: 'INGRESS_PUBLISH_DEADLINE',
    default: 4_000,
    min: 100,
    max: 4_500,
    help: 'how long a request waits for the log before the response is 503; a response is promised within 5 s',
  }),
} as const;

/** Maximum items in one batch. */
export const maxBatchEvents = 1_000;

/** Maximum size of one batch, in bytes. */
export const maxBatchBytes = 4 * 1024 * 1024;
