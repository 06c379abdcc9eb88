import { sourceAudiences } from '@tidings/contracts';
import { etagOf, named, pageSchema, type Reply } from '@tidings/http';
import { providers } from '@tidings/inbound';
import type { Written } from '../../registry/write-version.ts';
import type { Source } from '../domain/source.ts';

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const time = { type: 'string', format: 'date-time' } as const;
const object = <P extends Readonly<Record<string, object>>>(properties: P) =>
  ({ type: 'object', properties, required: Object.keys(properties) }) as const;

/** Example of a source in the API description. */
const example = {
  ...{ id: 'src_019aab3cf4007c3d8e4f5a6b7c8d9e0f', workspace_id: 'ws_shop', provider: 'github' },
  ...{ name: 'Our repositories', path: '/v1/sources/src_019aab3cf4007c3d8e4f5a6b7c8d9e0f' },
  ...{
    audience: 'internal',
    consumer_id: null,
    options: {},
    spool: true,
    max_payload_bytes: null,
    state: 'active',
    version: 1,
  },
  secrets: [
    {
      id: 'sec_5f0c1d2e3a4b4c5d8e9f0a1b2c3d4e5f',
      created_at: '2026-11-22T10:00:00.000Z',
      expires_at: null,
    },
  ],
  ...{ created_at: '2026-11-22T10:00:00.000Z', updated_at: '2026-11-22T10:00:00.000Z', propagated: true },
} as const;

/** A source as `sourceView` writes it. */
export const sourceSchema = named(
  'Source',
  object({
    id: text,
    workspace_id: text,
    provider: text,
    name: text,
    path: {
      ...text,
      description: 'Path of this API to which the provider sends its webhooks, without a key.',
    },
    audience: { enum: sourceAudiences },
    consumer_id: textOrNull,
    options: { type: 'object', additionalProperties: { type: ['string', 'number'] } },
    spool: {
      type: 'boolean',
      description: 'Whether its webhooks are accepted while the log does not acknowledge.',
    },
    max_payload_bytes: {
      type: ['integer', 'null'],
      description: 'Maximum size of a webhook, in bytes; null: as its provider and the installation allow.',
    },
    secrets: {
      type: 'array',
      description: 'The valid secrets, newest first, by name and times only.',
      items: object({
        id: text,
        created_at: time,
        expires_at: { ...time, type: ['string', 'null'], description: 'Null for the newest.' },
      }),
    },
    state: { enum: ['active', 'disabled', 'deleted'] },
    version: { type: 'integer' },
    created_at: time,
    updated_at: time,
    propagated: {
      type: 'boolean',
      description: 'Whether the topic that the services read has acknowledged this version.',
    },
  }),
  example,
);

/** A page of sources. */
export const sourcePageSchema = named('SourcePage', pageSchema(sourceSchema));

const iso = (ms: number): string => new Date(ms).toISOString();

/** Returns a source as the API shows it. Secrets are shown only by name and times. */
export const sourceView = ({ entity, propagated }: Written<Source>): Record<string, unknown> => ({
  id: entity.id,
  workspace_id: entity.workspaceId,
  provider: entity.provider,
  name: entity.settings.name,
  path: `/v1/sources/${entity.id}`,
  audience: entity.settings.audience,
  consumer_id: entity.settings.consumerId,
  options: entity.settings.options,
  spool: entity.settings.spool ?? providers.get(entity.provider)?.neverRepeats === true,
  max_payload_bytes: entity.settings.maxPayloadBytes,
  secrets: entity.secrets.map(({ id, createdAtMs, expiresAtMs }) => ({
    id,
    created_at: iso(createdAtMs),
    expires_at: expiresAtMs === null ? null : iso(expiresAtMs),
  })),
  state: entity.state,
  version: entity.version,
  created_at: iso(entity.createdAtMs),
  updated_at: iso(entity.updatedAtMs),
  propagated,
});

/** Returns the response that shows one source. */
export const sourceReply = (
  written: Written<Source>,
  { status = 200, headers = {} }: Readonly<{ status?: number; headers?: Record<string, string> }> = {},
): Reply => ({
  status,
  body: sourceView(written),
  headers: { etag: etagOf(written.entity), 'cache-control': 'no-store', ...headers },
});
