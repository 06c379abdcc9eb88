import { maxPayloadBytesRule } from '../events/large-data.ts';
import type { ConsumerId, WorkspaceId } from '../ids/ids.ts';
import { compileSchema, exactly, parseJson, shape } from '../wire/schemas.ts';
import { DecodeError, type WireRecord } from '../wire/wire.ts';
import { type Ended, endedSchema } from './ended.ts';
import { type NoticeStyle, noticeStyles } from './notice.ts';

/** All scopes that a key can hold. `admin` covers one workspace, `platform` covers all workspaces. */
export const accessScopes = [
  'events:write',
  'subscriptions:read',
  'subscriptions:write',
  'deliveries:read',
  'deliveries:write',
  'sources:write',
  'admin',
  'platform',
] as const;
/** One of {@link accessScopes}. */
export type AccessScope = (typeof accessScopes)[number];

/** Scopes that keys and tokens of one consumer may hold: none that publishes or that extends beyond the consumer. */
export const consumerScopes = [
  'subscriptions:read',
  'subscriptions:write',
  'deliveries:read',
  'deliveries:write',
] as const satisfies readonly AccessScope[];

/** strict: an unregistered name is refused. open: its first use registers it. */
export const eventTypePolicies = ['strict', 'open'] as const;
/** See {@link eventTypePolicies}. */
export type EventTypePolicy = (typeof eventTypePolicies)[number];

/**
 * Limits of the retention of a workspace's history, in days. Without a setting of its own, a workspace has that of the
 * installation, 30 days by default.
 */
export const retentionDays = { min: 1, max: 3_650, default: 30 } as const;

/** A workspace: the boundary of tenant isolation, and its rules. */
export type WorkspaceRecord = Readonly<{
  type: 'WorkspaceChanged.v1';
  id: WorkspaceId;
  /** Grows by one at each write. The newest version wins, regardless of the order of arrival. */
  version: number;
  /** Keys of a disabled workspace are refused. */
  state: 'active' | 'disabled' | 'deleted';
  name: string;
  /** Applies to event types and to consumers. */
  eventTypePolicy: EventTypePolicy;
  /** Permits http endpoints, if the operator permits them as well. */
  allowHttp: boolean;
  maxSubscriptions: number;
  /** Consecutive failures after which a subscription is disabled; 0 means never. */
  disableAfterFailures: number;
  /** Target of notices. The URL is sealed with workspace id, workspace id and `notice_url` as associated data. */
  notice: Readonly<{ sealedUrl: string; style: NoticeStyle }> | null;
  /** Days for which the history keeps what belongs to the workspace. Absent: the setting of the installation. */
  retentionDays?: number;
}>;

/** A partner of a workspace. */
export type ConsumerRecord = Readonly<{
  type: 'ConsumerChanged.v1';
  id: ConsumerId;
  workspaceId: WorkspaceId;
  version: number;
  /** Keys and tokens of a disabled consumer are refused. */
  state: 'active' | 'disabled' | 'deleted';
  name: string | null;
  /** Tokens that were issued at or before this time are refused, in epoch milliseconds. Absent: none. */
  tokensEndedMs?: number;
}>;

/** An API key. The key itself is stored nowhere: a caller proves it by a key with this hash. */
export type ApiKeyRecord = Readonly<{
  type: 'ApiKeyChanged.v1';
  id: string;
  workspaceId: WorkspaceId;
  /** The only consumer whose data the key can access; null for the whole workspace. */
  consumerId: ConsumerId | null;
  version: number;
  state: 'active' | 'revoked' | 'deleted';
  /** SHA-256 of the key in lower-case hex digits. */
  hash: string;
  /** First characters of the key, so that people can distinguish keys. */
  prefix: string;
  scopes: readonly AccessScope[];
  expiresAtMs: number | null;
  /** Requests per second; null applies the service's default. */
  requestsPerSecond: number | null;
  /** Browser sessions that were signed out. Absent: none. */
  ended?: Ended;
  /** True: events of the key may wait on the disk of ingress while the log does not acknowledge. Absent: false. */
  spool?: boolean;
  /** Maximum size of an event of the key, in bytes. Absent: as the installation allows. */
  maxPayloadBytes?: number;
}>;

/** Public half of a key pair that signs consumer tokens of a workspace (ed25519, RFC 8037). A workspace may have several. */
export type TokenKeyRecord = Readonly<{
  type: 'TokenKeyChanged.v1';
  /** `<workspace id>/<number>`: the `kid` of the tokens. */
  id: string;
  workspaceId: WorkspaceId;
  version: number;
  state: 'active' | 'deleted';
  jwk: Readonly<{ kty: 'OKP'; crv: 'Ed25519'; x: string }>;
  /** Tokens of this pair that were signed out. Absent: none. */
  ended?: Ended;
}>;

/** Everything that a service needs to authenticate requests, as the compacted topic carries it. */
export type AccessRecord = WorkspaceRecord | ConsumerRecord | ApiKeyRecord | TokenKeyRecord;

/** Key prefixes of the records, by type. The id follows, after the workspace id where the type requires one. */
export const accessKeyPrefixes = {
  'WorkspaceChanged.v1': 'workspace/',
  'ConsumerChanged.v1': 'consumer/',
  'ApiKeyChanged.v1': 'api-key/',
  'TokenKeyChanged.v1': 'token-key/',
} as const satisfies Record<AccessRecord['type'], string>;

const version = { type: 'integer', minimum: 1 };

const checks: {
  readonly [T in AccessRecord['type']]: (value: unknown) => Extract<AccessRecord, { type: T }>;
} = {
  'WorkspaceChanged.v1': compileSchema(
    'WorkspaceChanged.v1',
    exactly(
      {
        type: { const: 'WorkspaceChanged.v1' },
        id: shape.workspaceId,
        version,
        state: { enum: ['active', 'disabled', 'deleted'] },
        name: shape.text,
        eventTypePolicy: { enum: eventTypePolicies },
        allowHttp: { type: 'boolean' },
        maxSubscriptions: shape.count,
        disableAfterFailures: shape.count,
        notice: {
          oneOf: [{ type: 'null' }, exactly({ sealedUrl: shape.text, style: { enum: noticeStyles } })],
        },
      },
      { retentionDays: { type: 'integer', minimum: retentionDays.min, maximum: retentionDays.max } },
    ),
  ),
  'ConsumerChanged.v1': compileSchema(
    'ConsumerChanged.v1',
    exactly(
      {
        type: { const: 'ConsumerChanged.v1' },
        id: shape.text,
        workspaceId: shape.workspaceId,
        version,
        state: { enum: ['active', 'disabled', 'deleted'] },
        name: shape.nullableText,
      },
      { tokensEndedMs: shape.epochMs },
    ),
  ),
  'ApiKeyChanged.v1': compileSchema(
    'ApiKeyChanged.v1',
    exactly(
      {
        type: { const: 'ApiKeyChanged.v1' },
        id: shape.text,
        workspaceId: shape.workspaceId,
        consumerId: shape.nullableText,
        version,
        state: { enum: ['active', 'revoked', 'deleted'] },
        hash: { type: 'string', pattern: '^[0-9a-f]{64}$' },
        prefix: { type: 'string' },
        scopes: { type: 'array', items: { enum: accessScopes } },
        expiresAtMs: shape.nullableEpochMs,
        requestsPerSecond: { type: ['number', 'null'], exclusiveMinimum: 0 },
      },
      { ended: endedSchema, spool: { type: 'boolean' }, maxPayloadBytes: maxPayloadBytesRule },
    ),
  ),
  'TokenKeyChanged.v1': compileSchema(
    'TokenKeyChanged.v1',
    exactly(
      {
        type: { const: 'TokenKeyChanged.v1' },
        id: shape.text,
        workspaceId: shape.workspaceId,
        version,
        state: { enum: ['active', 'deleted'] },
        jwk: exactly({ kty: { const: 'OKP' }, crv: { const: 'Ed25519' }, x: shape.text }),
      },
      { ended: endedSchema },
    ),
  ),
};

/** Returns the key of a record: the same for every version of one entity, and different for every other entity. */
export function accessKeyOf(record: AccessRecord): string {
  const prefix = accessKeyPrefixes[record.type];
  // A workspace chooses the ids of its consumers; Tidings generates every other id.
  return record.type === 'ConsumerChanged.v1'
    ? `${prefix}${record.workspaceId}/${record.id}`
    : `${prefix}${record.id}`;
}

/** Encodes a record of the access topic. */
export const encodeAccess = (record: AccessRecord): WireRecord => ({
  key: accessKeyOf(record),
  headers: {},
  value: Buffer.from(JSON.stringify(record)),
});

const isKnownType = (type: unknown): type is AccessRecord['type'] =>
  typeof type === 'string' && Object.hasOwn(checks, type);

/** Decodes a record of the access topic other than a tombstone. Throws DecodeError. */
export const decodeAccess = (record: WireRecord): AccessRecord => {
  if (record.value === null) throw new DecodeError('not a valid access record', 'the value is missing');
  const value = parseJson('access record', record.value.toString('utf8'));
  const type: unknown = typeof value === 'object' && value !== null ? Reflect.get(value, 'type') : undefined;
  if (!isKnownType(type)) throw new DecodeError('not a valid access record', `its type is ${String(type)}`);
  return checks[type](value);
};
