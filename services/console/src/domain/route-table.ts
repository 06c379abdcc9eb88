/** The services that have routes under /v1. */
export type RoutedService = 'ingress' | 'subscription' | 'history';

/**
 * One row of the table. A pattern that ends in `/*` matches that path and all paths below it; any other only itself. `{}`
 * stands for one part of a path.
 */
export type Route = Readonly<{ pattern: string; service: RoutedService }>;

const resources = (service: RoutedService, names: readonly string[]): Route[] =>
  names.map((name) => ({ pattern: `/v1/webhooks/${name}/*`, service }));

/** The paths of each service. The first row that matches a path decides. */
export const routeTable: readonly Route[] = [
  // History has the deliveries of a subscription.
  { pattern: '/v1/webhooks/subscriptions/{}/deliveries', service: 'history' },
  { pattern: '/v1/webhooks/sources/{}/received', service: 'history' },
  { pattern: '/v1/events', service: 'ingress' },
  { pattern: '/v1/events/batch', service: 'ingress' },
  { pattern: '/v1/sources/*', service: 'ingress' },
  ...resources('subscription', [
    'subscriptions',
    'filters',
    'event-types',
    'consumers',
    'workspaces',
    'api-keys',
    'consumer-tokens',
    'identity',
    'portal',
    'portal-links',
    'sources',
    'audit-log',
  ]),
  ...resources('history', [
    'events',
    'deliveries',
    'dead-letters',
    'jobs',
    'runs',
    'replays',
    'exports',
    'erasures',
    'stats',
    'system',
    'breakers',
    'stream',
    'stream-tickets',
  ]),
];

/** Returns the service of a path (undecoded), or null. */
export function serviceOf(path: string): RoutedService | null {
  const route = routeTable.find(({ pattern }) => matches(pattern, path));
  return route === undefined ? null : route.service;
}

function matches(pattern: string, path: string): boolean {
  const [start = '', end] = pattern.split('{}');
  if (end !== undefined) {
    const part = path.slice(start.length, -end.length);
    return path === start + part + end && part !== '' && !part.includes('/');
  }
  if (!pattern.endsWith('/*')) return path === pattern;
  const base = pattern.slice(0, -2);
  return path === base || path.startsWith(`${base}/`);
}
