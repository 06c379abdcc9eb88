import {
  type EventTypePolicy,
  eventTypePolicies,
  type NoticeStyle,
  noticeStyles,
  retentionDays,
  workspaceIdRule,
} from '@tidings/contracts';
import { type PortalBody, portalBodySchema } from './portal/portal-settings.ts';

/** Rules of a workspace that requests may set, in request form. */
export type WorkspaceRulesBody = Readonly<{
  name?: string;
  event_type_policy?: EventTypePolicy;
  allow_http?: boolean;
  max_subscriptions?: number;
  disable_after_failures?: number;
  /** null: no notices. */
  notice?: Readonly<{ url: string; style?: NoticeStyle }> | null;
  /** null: the setting of the installation. */
  retention_days?: number | null;
  /** null: the portal looks like Tidings and is embedded nowhere in particular. */
  portal?: PortalBody | null;
}>;

/** Body of PATCH: a merge patch (RFC 7396), so `notice` may be partial. */
export type WorkspacePatch = Omit<WorkspaceRulesBody, 'notice'> &
  Readonly<{ notice?: Readonly<{ url?: string | null; style?: NoticeStyle | null }> | null }>;

/** Body of POST. The operator chooses the id. */
export type WorkspaceBody = WorkspaceRulesBody & Readonly<{ id: string }>;

/** Maximum number of subscriptions that any workspace can be given. */
const maxSubscriptions = 100_000;

const rules = {
  name: { type: 'string', minLength: 1, maxLength: 200, description: 'Display name. Default: the id.' },
  event_type_policy: {
    type: 'string',
    enum: eventTypePolicies,
    description:
      '`strict` (default) rejects event types and consumers that are not registered; `open` accepts them.',
  },
  allow_http: {
    type: 'boolean',
    description: 'Permits http endpoints, if the operator permits them too. Default: false.',
  },
  max_subscriptions: {
    type: 'integer',
    minimum: 0,
    maximum: maxSubscriptions,
    description: 'Maximum number of subscriptions, without deleted ones.',
  },
  disable_after_failures: {
    type: 'integer',
    minimum: 0,
    maximum: 1_000_000,
    description: 'Consecutive failures after which a subscription is disabled; 0 means never.',
  },
  notice: {
    type: ['object', 'null'],
    properties: {
      url: {
        type: 'string',
        minLength: 1,
        maxLength: 2_048,
        writeOnly: true,
        description: 'URL that receives the notices. It is stored sealed, and its path is not shown.',
      },
      style: {
        type: 'string',
        enum: noticeStyles,
        description:
          'Format of the notices. Default: json. `telegram` needs the URL of `sendMessage` with its `chat_id`.',
      },
    },
    required: ['url'],
    additionalProperties: false,
    description: 'Receiver of notices about endpoints; null: no notices.',
  },
  retention_days: {
    type: ['integer', 'null'],
    minimum: retentionDays.min,
    maximum: retentionDays.max,
    description:
      'Days for which events, deliveries, dead letters, jobs and statistics can be read, from the time when the event ' +
      'was accepted; null (default): the setting of the installation. Shortening it removes what is older.',
  },
  portal: portalBodySchema,
} as const;

/** Schema of the id of a workspace. */
export const workspaceIdSchema = {
  ...workspaceIdRule,
  description: 'The id of the workspace.',
} as const;

/** JSON Schemas of the request bodies. */
export const workspaceBodySchemas = {
  create: {
    type: 'object',
    properties: { id: workspaceIdSchema, ...rules },
    required: ['id'],
    additionalProperties: false,
  },
  change: {
    type: 'object',
    properties: {
      ...rules,
      notice: {
        ...rules.notice,
        properties: {
          url: { ...rules.notice.properties.url, type: ['string', 'null'] },
          style: { type: ['string', 'null'], enum: [...noticeStyles, null], description: 'null: json.' },
        },
        required: [],
      },
    },
    required: [],
    additionalProperties: false,
  },
  merged: { type: 'object', properties: rules, required: [], additionalProperties: false },
} as const;
