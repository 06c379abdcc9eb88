import { createHash } from 'node:crypto';
import {
  type EventTypePolicy,
  eventTypePolicies,
  type NoticeStyle,
  noticeStyles,
  workspaceId,
} from '@tidings/contracts';
import { defineDocuments } from '../registry/define-documents.ts';
import { exactly, shape } from '../registry/domain/document-schema.ts';
import type { PortalSettings } from './domain/portal/portal-settings.ts';
import { type Workspace, workspaceRecord } from './domain/workspace.ts';
import { hidden, onTopic } from './on-access-topic.ts';

type WorkspaceFields = Readonly<{
  name: string;
  event_type_policy: EventTypePolicy;
  allow_http: boolean;
  max_subscriptions: number;
  disable_after_failures: number;
  notice: Readonly<{ sealed_url: string; style: NoticeStyle }> | null;
  retention_days: number | null;
  portal: PortalSettings | null;
}>;

// An entry has room for what was changed, not for two images.
const withoutLogo = (value: unknown): unknown => {
  const portal = value as PortalSettings | null;
  if (portal === null || portal.logo === null) return portal;
  const digest = createHash('sha256').update(portal.logo).digest('hex').slice(0, 16);
  return { ...portal, logo: `sha256:${digest}` };
};

const storedScheme = exactly({ accent: shape.nullableText, bar: shape.nullableText });
const storedPortal = exactly({
  name: shape.nullableText,
  logo: shape.nullableText,
  light: storedScheme,
  dark: storedScheme,
  origins: { type: 'array', items: shape.text },
  refresh_url: shape.nullableText,
});

/** Document kind of workspaces. */
export const workspaceKind = defineDocuments<Workspace, WorkspaceFields>({
  name: 'workspace',
  title: 'workspace',
  states: ['active', 'disabled', 'deleted'],
  collection: 'workspaces',
  ...onTopic('WorkspaceChanged.v1', workspaceRecord),
  fields: {
    name: shape.text,
    event_type_policy: { enum: eventTypePolicies },
    allow_http: shape.flag,
    max_subscriptions: shape.count,
    disable_after_failures: shape.count,
    notice: {
      oneOf: [{ type: 'null' }, exactly({ sealed_url: shape.text, style: { enum: noticeStyles } })],
    },
    retention_days: shape.nullableCount,
    portal: { oneOf: [{ type: 'null' }, storedPortal] },
  },
  schemaVersion: 3,
  steps: {
    1: (document) => ({ ...document, retention_days: null }),
    2: (document) => ({ ...document, portal: null }),
  },
  toFields: ({ rules }) => ({
    name: rules.name,
    event_type_policy: rules.eventTypePolicy,
    allow_http: rules.allowHttp,
    max_subscriptions: rules.maxSubscriptions,
    disable_after_failures: rules.disableAfterFailures,
    notice: rules.notice === null ? null : { sealed_url: rules.notice.sealedUrl, style: rules.notice.style },
    retention_days: rules.retentionDays,
    portal: rules.portal,
  }),
  fromFields: (document) => ({
    id: workspaceId(document._id),
    state: document.state as Workspace['state'],
    rules: {
      name: document.name,
      eventTypePolicy: document.event_type_policy,
      allowHttp: document.allow_http,
      maxSubscriptions: document.max_subscriptions,
      disableAfterFailures: document.disable_after_failures,
      notice:
        document.notice === null
          ? null
          : { sealedUrl: document.notice.sealed_url, style: document.notice.style },
      retentionDays: document.retention_days,
      portal: document.portal,
    },
  }),
  masks: { notice: hidden, portal: withoutLogo },
  logFields: ({ id, version, state }) => ({ workspaceId: id, version, state }),
});
