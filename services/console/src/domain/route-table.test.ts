import { describe, expect, it } from 'vitest';
import { routeTable, serviceOf } from './route-table.ts';

describe('serviceOf', () => {
  it.each([
    ['/v1/events', 'ingress'],
    ['/v1/events/batch', 'ingress'],
    ['/v1/sources/src_1', 'ingress'],
    ['/v1/webhooks/subscriptions', 'subscription'],
    ['/v1/webhooks/subscriptions/sub_1/rotate-secret', 'subscription'],
    ['/v1/webhooks/subscriptions/sub_1/deliveries', 'history'],
    ['/v1/webhooks/sources/src_1/received', 'history'],
    ['/v1/webhooks/sources/src_1', 'subscription'],
    ['/v1/webhooks/subscriptions/sub_1/deliveries/', 'subscription'],
    ['/v1/webhooks/subscriptions//deliveries', 'subscription'],
    ['/v1/webhooks/subscriptions/deliveries', 'subscription'],
    ['/v1/webhooks/subscriptions/a/b/deliveries', 'subscription'],
    ['/v1/webhooks/event-types', 'subscription'],
    ['/v1/webhooks/consumers', 'subscription'],
    ['/v1/webhooks/workspaces', 'subscription'],
    ['/v1/webhooks/api-keys', 'subscription'],
    ['/v1/webhooks/consumer-tokens', 'subscription'],
    ['/v1/webhooks/sources', 'subscription'],
    ['/v1/webhooks/audit-log', 'subscription'],
    ['/v1/webhooks/events', 'history'],
    ['/v1/webhooks/deliveries/dlv_1', 'history'],
    ['/v1/webhooks/dead-letters', 'history'],
    ['/v1/webhooks/jobs', 'history'],
    ['/v1/webhooks/runs/retry', 'history'],
    ['/v1/webhooks/runs/run_1/retry', 'history'],
    ['/v1/webhooks/replays', 'history'],
    ['/v1/webhooks/exports', 'history'],
    ['/v1/webhooks/erasures', 'history'],
    ['/v1/webhooks/stats', 'history'],
    ['/v1/webhooks/stream', 'history'],
  ])('%s → %s', (path, service) => {
    expect(serviceOf(path)).toBe(service);
  });

  it.each([
    '/',
    '/v1',
    '/v1/',
    '/v1/event',
    '/v1/events/',
    '/v1/Events',
    '/v1/events/evt_1',
    '/v1/eventsx',
    '/v1/webhooks',
    '/v1/webhooks/subscriptionsx',
    '/v1/webhooks/unknown',
    '/v2/events',
    '/v1/events/../webhooks/subscriptions',
    '/v1/%65vents',
    '//v1/events',
  ])('%s → no service', (path) => {
    expect(serviceOf(path)).toBeNull();
  });

  it('has no path that two rows match', () => {
    const bases = routeTable.map(({ pattern }) => pattern.replace('/*', ''));
    expect(new Set(bases).size).toBe(bases.length);
  });
});
