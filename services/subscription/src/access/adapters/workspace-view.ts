import { eventTypePolicies, noticeStyles } from '@tidings/contracts';
import { etagOf, named, type Reply } from '@tidings/http';
import type { KeyRing } from '@tidings/runtime';
import type { Written } from '../../registry/write-version.ts';
import type { Workspace } from '../domain/workspace.ts';
import { shownNoticeUrl } from '../seal-notice.ts';
import { portalSettingsSchema } from './portal/portal-schemas.ts';

const time = { type: 'string', format: 'date-time' } as const;
const properties = {
  id: { type: 'string' },
  name: { type: 'string' },
  state: { type: 'string', enum: ['active', 'disabled'] },
  event_type_policy: { type: 'string', enum: eventTypePolicies },
  allow_http: { type: 'boolean' },
  max_subscriptions: { type: 'integer' },
  disable_after_failures: { type: 'integer' },
  notice: {
    type: ['object', 'null'],
    properties: {
      url: { type: 'string', description: 'Origin of the URL; the path is hidden.' },
      style: { type: 'string', enum: noticeStyles },
    },
    required: ['url', 'style'],
  },
  retention_days: {
    type: ['integer', 'null'],
    description:
      'Days for which the history keeps what belongs to it; null: the setting of the installation.',
  },
  portal: portalSettingsSchema,
  version: { type: 'integer' },
  created_at: time,
  updated_at: time,
  propagated: {
    type: 'boolean',
    description: 'Whether the topic that the services read has acknowledged this version.',
  },
} as const;

const example = {
  ...{ id: 'ws_shop', name: 'The shop', state: 'active', event_type_policy: 'strict', allow_http: false },
  ...{ max_subscriptions: 1000, disable_after_failures: 100 },
  notice: { url: 'https://chat.example/***', style: 'slack' },
  ...{ retention_days: null, portal: null },
  ...{ version: 1, created_at: '2026-11-22T10:00:00.000Z', updated_at: '2026-11-22T10:00:00.000Z' },
  propagated: true,
} as const;

/** Schema of a workspace as {@link workspaceView} returns it. */
export const workspaceSchema = named(
  'Workspace',
  { type: 'object', properties, required: Object.keys(properties) } as const,
  example,
);

/** Schema of the response to a creation: the workspace, and how to create its first key. */
export const createdWorkspaceSchema = named(
  'CreatedWorkspace',
  {
    type: 'object',
    properties: {
      ...properties,
      first_key: {
        type: 'object',
        properties: {
          method: { type: 'string' },
          path: { type: 'string' },
          workspace_id: { type: 'string' },
        },
        required: ['method', 'path', 'workspace_id'],
        description:
          'Request that creates the first key of the workspace; it requires a key with the scope `platform`.',
      },
    },
    required: [...Object.keys(properties), 'first_key'],
  } as const,
  {
    ...example,
    first_key: { method: 'POST', path: '/v1/webhooks/api-keys', workspace_id: 'ws_shop' },
  },
);

/** Returns the API view of a workspace. */
export function workspaceView(
  ring: KeyRing,
  { entity, propagated }: Written<Workspace>,
): Readonly<Record<string, unknown>> {
  const { id, rules } = entity;
  const { notice } = rules;
  return {
    id,
    name: rules.name,
    state: entity.state,
    event_type_policy: rules.eventTypePolicy,
    allow_http: rules.allowHttp,
    max_subscriptions: rules.maxSubscriptions,
    disable_after_failures: rules.disableAfterFailures,
    notice: notice === null ? null : { url: shownNoticeUrl(ring, id, notice.sealedUrl), style: notice.style },
    retention_days: rules.retentionDays,
    portal: rules.portal,
    version: entity.version,
    created_at: new Date(entity.createdAtMs).toISOString(),
    updated_at: new Date(entity.updatedAtMs).toISOString(),
    propagated,
  };
}

/** Returns the response that shows one workspace. */
export const workspaceReply = (ring: KeyRing, written: Written<Workspace>): Reply => ({
  status: 200,
  body: workspaceView(ring, written),
  headers: { etag: etagOf(written.entity), 'cache-control': 'no-store' },
});

/** Returns the response that shows a new workspace. */
export function createdReply(ring: KeyRing, written: Written<Workspace>): Reply {
  const { id } = written.entity;
  const { body, headers } = workspaceReply(ring, written);
  const firstKey = { method: 'POST', path: '/v1/webhooks/api-keys', workspace_id: id };
  return {
    status: 201,
    body: { ...body, first_key: firstKey },
    headers: { ...headers, location: `/v1/webhooks/workspaces/${id}` },
  };
}
