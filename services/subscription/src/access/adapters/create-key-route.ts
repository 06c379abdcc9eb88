import { newKeyId } from '@tidings/contracts';
import { etagOf, jsonBody, named, type Principal, type Reply, type Route, route } from '@tidings/http';
import { type KeyRing, seal, unseal } from '@tidings/runtime';
import { actorOf, reachOf } from '../../registry/adapters/call-parts.ts';
import { answerOnce, type OnceParts, type OnceRequest } from '../../registry/answer-once.ts';
import type { Actor } from '../../registry/domain/audit-entry.ts';
import type { KeptAnswer, Reach } from '../../registry/ports.ts';
import { type CreatedKey, type CreateKeyParts, createApiKey } from '../create-api-key.ts';
import { bodySchemas, type KeyBody } from '../domain/key-request.ts';
import { apiKeyView, createdKeySchema } from './api-key-schemas.ts';

/** What making keys over HTTP works with. */
export type CreateKeyRouteParts = CreateKeyParts &
  Readonly<{ ring: KeyRing; once: OnceParts; onReplay(): void }>;

const path = '/v1/webhooks/api-keys';

/** POST /v1/webhooks/api-keys. */
export const createKeyRoute = (parts: CreateKeyRouteParts): Route =>
  route({
    operationId: 'createApiKey',
    method: 'POST',
    path,
    access: 'admin',
    tag: 'API keys',
    summary: 'Make an API key',
    description:
      'The answer holds the key, which is shown nowhere else. It can give no scope that the caller lacks; with ' +
      '`consumer_id` it sees one consumer, and can only read and write subscriptions and deliveries. With an ' +
      '`Idempotency-Key` a repeat by the same caller within 24 hours gets the same answer and makes nothing new.',
    takes: ['Idempotency-Key'],
    body: jsonBody<KeyBody>({
      schema: named('NewApiKey', bodySchemas.key),
      example: { name: 'shop backend', scopes: ['events:write'] },
    }),
    answers: {
      201: {
        description: 'The key.',
        schema: createdKeySchema,
        headers: ['ETag', 'Location', 'Idempotency-Replayed'],
      },
    },
    problems: ['conflict'],
    handle: async (call) =>
      create(parts, {
        key: call.idempotencyKey,
        reach: reachOf(call.principal),
        // The caller's own: an answer holds a key, and no other may come by it.
        route: `POST ${path} by ${call.principal.keyId}`,
        body: call.body,
        newId: newKeyId,
        principal: call.principal,
        by: actorOf(call),
      }),
  });

type CreateRequest = OnceRequest & Readonly<{ body: KeyBody; principal: Principal; by: Actor }>;

async function create(parts: CreateKeyRouteParts, request: CreateRequest): Promise<Reply> {
  const { reach, body, principal, by } = request;
  const once = await answerOnce(parts.once, request, {
    run: async (id) => createApiKey(parts, { principal, body, id, by }),
    keep: (created) => keptAnswer(parts, reach, created),
  });
  if (!once.isReplay) {
    const { entity, shown } = once.result;
    return created(entity, { ...viewOf(parts, once.result), key: shown });
  }
  const { answer, entityId: id } = once;
  // Every answer that is kept here has one.
  const key = unseal(parts.ring, answer.sealedSecret ?? '', associatedWith(reach, id));
  parts.onReplay();
  const { headers, ...reply } = created(
    { ...answer, id },
    { ...(JSON.parse(answer.bodyJson) as object), key },
  );
  return { ...reply, headers: { ...headers, 'idempotency-replayed': 'true' } };
}

const created = (entity: Readonly<{ id: string; version: number }>, body: object): Reply => ({
  status: 201,
  body,
  headers: { etag: etagOf(entity), location: `${path}/${entity.id}`, 'cache-control': 'no-store' },
});

const viewOf = ({ apiKeys }: CreateKeyRouteParts, { entity, propagated }: CreatedKey): object =>
  apiKeyView(entity, { propagated, lastUsedAtMs: undefined, nowMs: apiKeys.clock.nowMs() });

const associatedWith = ({ workspaceId }: Reach, id: string): readonly string[] => [
  workspaceId,
  id,
  'api_key',
];

function keptAnswer(parts: CreateKeyRouteParts, reach: Reach, result: CreatedKey): KeptAnswer {
  const { entity, shown } = result;
  return {
    bodyJson: JSON.stringify(viewOf(parts, result)),
    version: entity.version,
    sealedSecret: seal(parts.ring, shown, associatedWith(reach, entity.id)),
  };
}
