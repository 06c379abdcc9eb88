import type { Workload } from '../workloads.ts';

/** Settings of a subscription, for `startStack().subscribe`. */
export type Settings = Readonly<Record<string, unknown>>;

/** Returns the URL of an endpoint: its path, and an address of 127.0.0.0/8. */
export type UrlOf = (path: string, host?: string) => string;

/** One measurement of a curve, and what is registered before it, besides what the points before it registered. */
export type Point = Readonly<{
  at: number;
  type: string;
  workload: Workload;
  subscribe: (urlOf: UrlOf) => readonly Settings[];
  /** Events of this type are published meanwhile, one each `everyMs`; their webhooks are not counted. */
  beside?: Readonly<{ type: string; everyMs: number }>;
}>;

/** A quantity that grows, and what is shown of it: the cost of a webhook, or how long others take. */
export type Curve = Readonly<{
  name: string;
  title: string;
  /** The unit of `at` of its points. */
  unit: string;
  shows: 'cost' | 'latency';
  points: readonly Point[];
}>;

const many = (from: number, until: number, settings: (n: number) => Settings): readonly Settings[] =>
  Array.from({ length: Math.max(0, until - from) }, (_, n) => settings(from + n));

// One endpoint stands for many: its limit must not be what is measured.
const at = (url: string, events: string, more: Settings = {}): Settings => ({
  endpoint_url: url,
  events: [events],
  max_in_flight: 64,
  ...more,
});

const floodOf = (fanOut: number, count: number, contentOf?: (sequence: number) => object): Workload => ({
  name: 'flood',
  kind: 'flood',
  fanOut,
  count: Math.max(4, Math.round(count)),
  concurrency: 64,
  ...(contentOf && { contentOf }),
});

/** The points of a curve whose registrations add up: `from` is what the point before it registered. */
const growing = (
  sizes: readonly number[],
  point: (size: number, from: number) => Omit<Point, 'at'>,
): readonly Point[] => sizes.map((size, n) => ({ at: size, ...point(size, sizes[n - 1] ?? 0) }));

const hostOf = (n: number): string => `127.${1 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;

const matchedCurve = (share: number): Curve => ({
  name: 'matched',
  title: 'Subscriptions that an event matches',
  unit: 'matched subscriptions',
  shows: 'cost',
  points: growing([1, 10, 100, 1_000], (size) => ({
    type: `growth.matched${size}`,
    workload: floodOf(size, (10_000 * share) / size),
    subscribe: (urlOf) => many(0, size, () => at(urlOf('/hook'), `growth.matched${size}`)),
  })),
});

const registeredCurve = (share: number): Curve => ({
  name: 'registered',
  title: 'Subscriptions that are registered, of which one matches',
  unit: 'registered subscriptions',
  shows: 'cost',
  points: growing([100, 1_000, 10_000], (size, from) => ({
    type: 'growth.matched',
    workload: floodOf(1, 10_000 * share),
    subscribe: (urlOf) =>
      many(from, size, (n) => at(urlOf('/hook'), n === 0 ? 'growth.matched' : `growth.other${n % 500}.*`)),
  })),
});

const bodyCurve = (share: number): Curve => ({
  name: 'body',
  title: 'Size of the data of an event',
  unit: 'KB of data',
  shows: 'cost',
  points: growing([1, 32, 256], (size, from) => ({
    type: 'growth.body',
    workload: floodOf(1, (10_000 * share) / Math.sqrt(size), () => ({ dataBytes: size * 1_024 })),
    subscribe: (urlOf) => many(from, Math.min(1, size), () => at(urlOf('/hook'), 'growth.body')),
  })),
});

const endpointsCurve = (share: number): Curve => ({
  name: 'endpoints',
  title: 'Endpoints, each on a host of its own and of a consumer of its own, that get events in turn',
  unit: 'endpoints',
  shows: 'cost',
  points: growing([1, 100, 10_000], (size, from) => ({
    type: 'growth.endpoint',
    workload: floodOf(1, 10_000 * share, (sequence) => ({ consumerId: `c${sequence % size}` })),
    subscribe: (urlOf) =>
      many(from, size, (n) => at(urlOf('/hook', hostOf(n)), 'growth.endpoint', { consumer_id: `c${n}` })),
  })),
});

const besideCurve = (share: number): Curve => ({
  name: 'beside',
  title: 'Other events, 50 a second, beside an event that many match',
  unit: 'subscriptions that match the event beside them',
  shows: 'latency',
  points: growing([1, 100, 1_000, 10_000], (size) => ({
    type: 'growth.others',
    workload: { name: 'paced', kind: 'paced', fanOut: 1, perSecond: 50, seconds: Math.ceil(20 * share) },
    subscribe: (urlOf) => [
      ...many(0, size, () => at(urlOf('/beside'), `growth.beside${size}`)),
      ...many(0, size === 1 ? 1 : 0, () => at(urlOf('/hook'), 'growth.others')),
    ],
    // At most 1,000 webhooks a second: less than a flood.
    beside: { type: `growth.beside${size}`, everyMs: Math.max(2_000, size) },
  })),
});

/** Returns the curves; `share` is that of the webhooks of a full run. */
export const curvesOf = (share: number): readonly Curve[] =>
  [matchedCurve, registeredCurve, bodyCurve, endpointsCurve, besideCurve].map((create) => create(share));
