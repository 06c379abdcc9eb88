import { describe, expect, it } from 'vitest';
import { anApi } from '../cli-under-test.ts';

describe('the request of a command', () => {
  it.each<[string[], string, unknown]>([
    [
      ['subscriptions', 'list', '--state', 'active', '--limit', '5'],
      'GET /v1/webhooks/subscriptions?state=active&limit=5',
      undefined,
    ],
    [['subscriptions', 'get', 'a/b'], 'GET /v1/webhooks/subscriptions/a%2Fb', undefined],
    [
      [
        'subscriptions',
        'create',
        '--endpoint',
        'https://x.example',
        '--event',
        'a',
        '--event',
        'b.*',
        '--header',
        'X-A: 1',
        '--inactive',
        '--data',
        '{"max_in_flight":3}',
      ],
      'POST /v1/webhooks/subscriptions',
      {
        endpoint_url: 'https://x.example',
        events: ['a', 'b.*'],
        headers: { 'X-A': '1' },
        is_active: false,
        max_in_flight: 3,
      },
    ],
    [
      ['subscriptions', 'update', 'sub_1', '--timeout', '7', '--filter', '{"a":1}'],
      'PATCH /v1/webhooks/subscriptions/sub_1',
      { timeout_seconds: 7, filters: { a: 1 } },
    ],
    [
      ['subscriptions', 'rotate-secret', 'sub_1', '--overlap', '60'],
      'POST /v1/webhooks/subscriptions/sub_1/rotate-secret',
      { overlap_seconds: 60 },
    ],
    [
      ['subscriptions', 'rotate-secret', 'sub_1', '--overlap', '2h'],
      'POST /v1/webhooks/subscriptions/sub_1/rotate-secret',
      { overlap_seconds: 7_200 },
    ],
    [
      [
        'subscriptions',
        'create',
        '--endpoint',
        'https://x.example',
        '--event',
        'a',
        '--no-test',
        '--timeout',
        '10s',
      ],
      'POST /v1/webhooks/subscriptions',
      { endpoint_url: 'https://x.example', events: ['a'], send_test: false, timeout_seconds: 10 },
    ],
    [
      [
        'audit-log',
        'list',
        '--kind',
        'consumer',
        '--entity',
        'w/a',
        '--key',
        'key_1',
        '--from',
        '2026-11-01',
        '--to',
        '2026-11-08T10:00:00Z',
      ],
      'GET /v1/webhooks/audit-log?kind=consumer&entity_id=w%2Fa&key_id=key_1&after=2026-11-01T00%3A00%3A00Z&before=2026-11-08T10%3A00%3A00Z',
      undefined,
    ],
    [
      ['deliveries', 'list', '--from', '2026-11-01', '--status', 'failed'],
      'GET /v1/webhooks/deliveries?status=failed&created_after=2026-11-01T00%3A00%3A00Z',
      undefined,
    ],
    [
      ['dead-letters', 'list', '--from', '2026-11-01', '--to', '2026-11-02'],
      'GET /v1/webhooks/dead-letters?recorded_after=2026-11-01T00%3A00%3A00Z&recorded_before=2026-11-02T00%3A00%3A00Z',
      undefined,
    ],
    [['audit-log', 'get', 'aud_1'], 'GET /v1/webhooks/audit-log/aud_1', undefined],
    [['event-types', 'get', 'a.b'], 'GET /v1/webhooks/event-types/a.b', undefined],
    [
      [
        'event-types',
        'create',
        'a.b',
        '--description',
        'x',
        '--schema',
        '{"type":"object"}',
        '--example',
        '{"a":1}',
      ],
      'POST /v1/webhooks/event-types',
      { name: 'a.b', description: 'x', schema: { type: 'object' }, example: { a: 1 } },
    ],
    [
      ['event-types', 'update', 'a.b', '--state', 'deprecated', '--sunset', '2027-01-01', '--force'],
      'PATCH /v1/webhooks/event-types/a.b',
      { state: 'deprecated', sunset_at: '2027-01-01T00:00:00Z', force: true },
    ],
    [['event-types', 'archive', 'a.b'], 'DELETE /v1/webhooks/event-types/a.b', undefined],
    [
      ['event-types', 'export', '--format', 'openapi'],
      'GET /v1/webhooks/event-types/export?format=openapi',
      undefined,
    ],
    [
      ['event-types', 'list', '--state', 'draft', '--search', 'order'],
      'GET /v1/webhooks/event-types?state=draft&search=order',
      undefined,
    ],
    [
      ['subscriptions', 'disable', 'sub_1', '--reason', 'x'],
      'POST /v1/webhooks/subscriptions/sub_1/disable',
      { reason: 'x' },
    ],
    [['subscriptions', 'delete', 'sub_1'], 'DELETE /v1/webhooks/subscriptions/sub_1', undefined],
    [
      ['deliveries', 'list', '--type', 'order.paid'],
      'GET /v1/webhooks/deliveries?event_type=order.paid',
      undefined,
    ],
    [['deliveries', 'get', 'dlv_1'], 'GET /v1/webhooks/deliveries/dlv_1', undefined],
    [
      ['subscriptions', 'enable', 'sub_1', '--waiting', 'discard'],
      'POST /v1/webhooks/subscriptions/sub_1/enable',
      { waiting: 'discard' },
    ],
    [
      [
        'api-keys',
        'create',
        '--scope',
        'events:write',
        '--scope',
        'admin',
        '--rate',
        '5',
        '--workspace',
        'w',
      ],
      'POST /v1/webhooks/api-keys',
      { scopes: ['events:write', 'admin'], requests_per_second: 5, workspace_id: 'w' },
    ],
    [
      ['api-keys', 'list', '--state', 'expired', '--workspace', 'w'],
      'GET /v1/webhooks/api-keys?state=expired&workspace_id=w',
      undefined,
    ],
    [['whoami'], 'GET /v1/webhooks/identity', undefined],
    [['sign-out'], 'POST /v1/webhooks/identity/sign-out', { ends: 'all' }],
    [['portal', 'get'], 'GET /v1/webhooks/portal', undefined],
    [
      ['portal', 'link', '--consumer', 'acme', '--path', '/deliveries?status=failed', '--expires-in', '1h'],
      'POST /v1/webhooks/portal-links',
      { consumer_id: 'acme', path: '/deliveries?status=failed', expires_in_seconds: 3_600 },
    ],
    [['api-keys', 'get', 'key_1'], 'GET /v1/webhooks/api-keys/key_1', undefined],
    [['api-keys', 'revoke', 'key_1'], 'POST /v1/webhooks/api-keys/key_1/revoke', undefined],
    [
      ['consumers', 'create', 'acme', '--name', 'Acme'],
      'POST /v1/webhooks/consumers',
      { id: 'acme', name: 'Acme' },
    ],
    [
      ['consumers', 'update', 'a/b', '--contact', 'x'],
      'PATCH /v1/webhooks/consumers/a%2Fb',
      { contact: 'x' },
    ],
    [['consumers', 'disable', 'acme'], 'POST /v1/webhooks/consumers/acme/disable', undefined],
    [['consumers', 'enable', 'acme'], 'POST /v1/webhooks/consumers/acme/enable', undefined],
    [
      ['consumers', 'token', 'acme', '--scope', 'deliveries:read', '--expires-in', '60'],
      'POST /v1/webhooks/consumer-tokens',
      { consumer_id: 'acme', scopes: ['deliveries:read'], expires_in_seconds: 60 },
    ],
    [
      [
        'workspaces',
        'create',
        'ws_1',
        '--policy',
        'open',
        '--data',
        '{"allow_http":true,"name":"x"}',
        '--name',
        'y',
      ],
      'POST /v1/webhooks/workspaces',
      { id: 'ws_1', event_type_policy: 'open', allow_http: true, name: 'y' },
    ],
    [
      ['workspaces', 'update', 'ws_1', '--max-subscriptions', '7', '--disable-after', '0'],
      'PATCH /v1/webhooks/workspaces/ws_1',
      { max_subscriptions: 7, disable_after_failures: 0 },
    ],
    [
      ['workspaces', 'update', 'ws_1', '--retention-days', '7'],
      'PATCH /v1/webhooks/workspaces/ws_1',
      { retention_days: 7 },
    ],
    [
      ['workspaces', 'update', 'ws_1', '--allow-http'],
      'PATCH /v1/webhooks/workspaces/ws_1',
      { allow_http: true },
    ],
    [
      ['workspaces', 'create', 'ws_1', '--no-allow-http'],
      'POST /v1/webhooks/workspaces',
      { id: 'ws_1', allow_http: false },
    ],
    [['workspaces', 'enable', 'ws_1'], 'POST /v1/webhooks/workspaces/ws_1/enable', undefined],
    [
      ['dead-letters', 'list', '--type', 'a.b', '--after', '2026-01-01T00:00:00Z', '--state', 'waiting'],
      'GET /v1/webhooks/dead-letters?event_type=a.b&recorded_after=2026-01-01T00%3A00%3A00Z&state=waiting',
      undefined,
    ],
    [
      ['deliveries', 'undelivered', '--consumer', 'a', '--subscription', 'sub_1', '--limit', '5'],
      'GET /v1/webhooks/deliveries/undelivered?consumer_id=a&subscription_id=sub_1&limit=5',
      undefined,
    ],
    [
      ['dead-letters', 'count', '--consumer', 'a'],
      'GET /v1/webhooks/dead-letters/counts?consumer_id=a',
      undefined,
    ],
    [['dead-letters', 'redrive', 'dl_1'], 'POST /v1/webhooks/dead-letters/dl_1/redrive', {}],
    [
      ['dead-letters', 'redrive', 'dl_1', '--to-origin'],
      'POST /v1/webhooks/dead-letters/dl_1/redrive',
      { to_origin: true },
    ],
    [
      ['dead-letters', 'redrive', '--reason', 'exhausted', '--rate', '5', '--dry-run'],
      'POST /v1/webhooks/dead-letters/redrive',
      { filter: { reason: 'exhausted' }, rate_per_second: 5, dry_run: true },
    ],
    [
      ['dead-letters', 'redrive', '--all'],
      'POST /v1/webhooks/dead-letters/redrive',
      { all: true, dry_run: false },
    ],
    [
      ['dead-letters', 'discard', 'dl_1', '--because', 'x'],
      'POST /v1/webhooks/dead-letters/dl_1/discard',
      { reason: 'x' },
    ],
    [
      ['jobs', 'list', '--kind', 'redrive', '--state', 'paused', '--limit', '3'],
      'GET /v1/webhooks/jobs?kind=redrive&state=paused&limit=3',
      undefined,
    ],
    [
      [
        ...['replay', '--from', '2026-11-22', '--to', '2026-11-22T12:00:00Z', '--missing', '--no-wait'],
        ...['--types', 'order.*', 'invoice.paid', '--rate', '7', '--as-new', '--dry-run'],
      ],
      'POST /v1/webhooks/replays',
      {
        ...{ from: '2026-11-22T00:00:00Z', to: '2026-11-22T12:00:00Z', target: { missing: true } },
        ...{ types: ['order.*', 'invoice.paid'], rate_per_second: 7, as_new: true, dry_run: true },
      },
    ],
    [
      ['replay', '--from', '2026-11-22', '--to-subscription', 'sub_1', '--filter', '{"a":1}', '--no-wait'],
      'POST /v1/webhooks/replays',
      { from: '2026-11-22T00:00:00Z', target: { subscription_id: 'sub_1' }, filter: { a: 1 } },
    ],
    [['deliveries', 'retry', 'dlv_1'], 'POST /v1/webhooks/deliveries/dlv_1/retry', undefined],
    [
      ['deliveries', 'retry', '--subscription', 'sub_1', '--status', 'failed', '--rate', '5', '--dry-run'],
      'POST /v1/webhooks/deliveries/retry',
      { filter: { subscription_id: 'sub_1', status: 'failed' }, rate_per_second: 5, dry_run: true },
    ],
    [['jobs', 'show', 'job_1'], 'GET /v1/webhooks/jobs/job_1', undefined],
    [['jobs', 'pause', 'job_1'], 'POST /v1/webhooks/jobs/job_1/pause', undefined],
    [['jobs', 'resume', 'job_1'], 'POST /v1/webhooks/jobs/job_1/resume', undefined],
    [['jobs', 'cancel', 'job_1'], 'POST /v1/webhooks/jobs/job_1/cancel', undefined],
  ])('%j', async (args, line, body) => {
    const { requests, run: tidings } = await anApi();
    expect((await tidings(...args)).code).toBe(0);
    expect(requests).toMatchObject([{ line, headers: { authorization: 'Bearer a-key' } }]);
    if (body !== undefined && line.startsWith('POST /v1/webhooks/de'))
      expect(requests[0]?.body).toEqual(body);
    else expect(requests).toMatchObject([{ body }]);
  });

  it('sends the data of an event unchanged, with the key of the caller', async () => {
    const { requests, run: tidings } = await anApi(202, {
      id: 'evt_1',
      type: 'a',
      accepted_at: '2026-11-22T10:00:00.000Z',
    });
    const published = await tidings(
      'events',
      'publish',
      'a',
      '--data',
      '{"n": 1.0}',
      '--ordering-key',
      'k',
      '--idempotency-key',
      'once',
    );
    expect(published.out).toBe('id           evt_1\ntype         a\naccepted_at  2026-11-22T10:00:00.000Z');
    expect(requests).toMatchObject([
      {
        line: 'POST /v1/events',
        body: { type: 'a', ordering_key: 'k' },
        headers: { 'idempotency-key': 'once' },
      },
    ]);
  });

  it.each([
    [['--data', '{"a":2}', '--type', 'x.y'], { event: { type: 'x.y', data: { a: 2 } } }],
    [['--event', '{"id":"evt_1","data":{"a":2}}'], { event: { id: 'evt_1', data: { a: 2 } } }],
    [['--type', 'x.y'], { event_type: 'x.y' }],
  ])('matches a filter with %j', async (args, body) => {
    const { requests, run: tidings } = await anApi(200, { matches: true, failed: [], warnings: [] });
    expect((await tidings('filters', 'test', '--filter', '{"a":1}', ...args)).code).toBe(0);
    expect(requests).toMatchObject([{ line: 'POST /v1/webhooks/filters/test' }]);
    expect(requests[0]?.body).toEqual({ filter: { a: 1 }, ...body });
  });
});
