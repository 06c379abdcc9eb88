import { exactly } from '../../registry/domain/document-schema.ts';
import { limits } from './limits.ts';
import { propertiesOrNull, setting } from './setting.ts';

type RateLimit = Readonly<{ perSecond: number; burst: number }>;
type RateLimitBody = Readonly<{ per_second: number; burst?: number }>;

function rateLimitOf(given: RateLimitBody | null): RateLimit | null {
  if (given === null) return null;
  // A bucket that holds less than one request would never allow a request.
  const burst = given.burst ?? Math.max(1, Math.ceil(given.per_second));
  return { perSecond: given.per_second, burst };
}

const shownRateLimit = (limit: RateLimit | null) =>
  limit === null ? null : { per_second: limit.perSecond, burst: limit.burst };

const rateLimitSchema = {
  type: ['object', 'null'],
  properties: {
    per_second: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: limits.ratePerSecond,
      description: 'Average number of requests per second.',
    },
    burst: {
      type: 'integer',
      minimum: 1,
      maximum: limits.burst,
      description:
        'Number of requests that may be sent at once after a pause. Default: the requests of one second.',
    },
  },
  required: ['per_second'],
  additionalProperties: false,
  description: 'Maximum rate of requests; null: unlimited.',
} as const;

/** Bounds the rate of requests to an endpoint; null: no bound. */
export const rateLimitSetting = setting({
  wire: 'rate_limit',
  schema: rateLimitSchema,
  // The merged value is validated by `schema`.
  patchSchema: { ...rateLimitSchema, properties: propertiesOrNull(rateLimitSchema.properties), required: [] },
  default: null,
  read: rateLimitOf,
  shown: {
    type: ['object', 'null'],
    properties: { per_second: { type: 'number' }, burst: { type: 'integer' } },
  },
  show: shownRateLimit,
  example: { per_second: 50, burst: 100 },
  stored: {
    oneOf: [
      { type: 'null' },
      exactly({
        per_second: { type: 'number', exclusiveMinimum: 0 },
        burst: { type: 'integer', minimum: 1 },
      }),
    ],
  },
  toStored: shownRateLimit,
  hints: ['throttle_rate'],
  fromStored: (stored) => (stored === null ? null : { perSecond: stored.per_second, burst: stored.burst }),
});
