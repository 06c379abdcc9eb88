import {
  accessScopes,
  eventTypePolicies,
  noticeStyles,
  workspaceId,
} from '../../../packages/contracts/src/index.ts';
import {
  apiKeyKind,
  consumerKind,
  tokenKeyKind,
} from '../../../services/subscription/src/access/access-kinds.ts';
import { beginKey } from '../../../services/subscription/src/access/domain/api-key.ts';
import { beginConsumer } from '../../../services/subscription/src/access/domain/consumer.ts';
import { beginTokenKey } from '../../../services/subscription/src/access/domain/token-key.ts';
import { beginWorkspace, defaultRules } from '../../../services/subscription/src/access/domain/workspace.ts';
import { workspaceKind } from '../../../services/subscription/src/access/workspace-kind.ts';
import { atMs, ids, sealed } from '../messages/example.ts';
import type { CollectionFormat } from './collection-format.ts';
import { each, ofKind } from './registry-kind-format.ts';

const { consumerId } = ids;
const workspace = ids.workspaceId;
const states = ['active', 'disabled', 'deleted'] as const;

const rules = { name: 'Demo', ...defaultRules };
const scheme = { accent: '#112233', bar: '#445566' };
const firstWorkspace = beginWorkspace(workspace, rules, atMs);
const portal = {
  ...{ name: 'Demo', logo: 'data:image/png;base64,AA==', light: scheme, dark: scheme },
  ...{ origins: ['https://app.example'], refresh_url: 'https://app.example/refresh' },
};
const noScheme = { accent: null, bar: null };
const workspaces = ofKind(
  workspaceKind,
  [
    { ...firstWorkspace, rules: { ...rules, allowHttp: true, retentionDays: 90, portal } },
    {
      ...firstWorkspace,
      rules: {
        ...rules,
        portal: { ...portal, name: null, logo: null, light: noScheme, dark: noScheme, refresh_url: null },
      },
    },
    ...each(firstWorkspace, 'state', states),
    ...each(rules, 'eventTypePolicy', eventTypePolicies).map((one) => ({ ...firstWorkspace, rules: one })),
    ...noticeStyles.map((style) => ({
      ...firstWorkspace,
      rules: { ...rules, notice: { sealedUrl: sealed, style } },
    })),
  ],
  (at) => workspaceId(`ws_demo${at + 1}`),
);

const consumer = beginConsumer({ workspaceId: workspace, consumerId }, { name: null, contact: null }, atMs);
const consumers = ofKind(
  consumerKind,
  [
    { ...consumer, details: { name: 'Acme', contact: 'ops@acme.example' }, tokensEndedMs: atMs },
    ...each(consumer, 'state', states),
  ],
  (at) => `${workspace}/acme${at + 1}`,
);

const ended = { beforeMs: atMs, ids: [{ id: 'ses_1', untilMs: atMs + 1_000 }] };
const key = beginKey({
  ...{ id: ids.keyId, workspaceId: workspace, hash: 'd'.repeat(64), prefix: 'tdk_abc', isBootstrap: false },
  ...{ createdBy: null, nowMs: atMs },
  grant: {
    ...{ name: null, consumerId: null, scopes: accessScopes, expiresAtMs: null, requestsPerSecond: null },
    ...{ spool: false, maxPayloadBytes: null },
  },
});
const apiKeys = ofKind(
  apiKeyKind,
  [
    {
      ...{ ...key, isBootstrap: true, createdBy: ids.keyId, ended },
      grant: {
        ...{ name: 'shop', consumerId, scopes: ['deliveries:read'], expiresAtMs: atMs, spool: true },
        ...{ requestsPerSecond: 2.5, maxPayloadBytes: 1_024 },
      },
    },
    ...each(key, 'state', ['active', 'revoked', 'deleted']),
  ],
  (at) => `key_${at + 1}`,
);

const tokenKey = beginTokenKey(
  { workspaceId: workspace, number: 1 },
  { publicX: 'eA', sealedPrivate: sealed },
  atMs,
);
const tokenKeys = ofKind(
  tokenKeyKind,
  [{ ...tokenKey, ended }, ...each(tokenKey, 'state', ['active', 'deleted'])],
  (at) => `${workspace}/${at + 1}`,
);

/** The collections of workspaces, consumers and keys. */
export const accessFormats: readonly CollectionFormat[] = [workspaces, consumers, apiKeys, tokenKeys];
