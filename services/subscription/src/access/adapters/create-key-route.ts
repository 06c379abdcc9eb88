import { newKeyId } from '@tidings/contracts';
import { etagOf, jsonBody, named, type Route, route } from '@tidings/http';
import { actorOf } from '../../registry/adapters/call-scope.ts';
import { type CreateKeyParts, createApiKey } from '../create-api-key.ts';
import { bodySchemas, type KeyBody } from '../domain/key-request.ts';
import { apiKeyView, createdKeySchema } from './api-key-schemas.ts';

const path = '/v1/webhooks/api-keys';

/** Returns the route POST /v1/webhooks/api-keys. */
export const createKeyRoute = (parts: CreateKeyParts): Route =>
  route({
    operationId: 'createApiKey',
    method: 'POST',
    path,
    access: 'admin',
    tag: 'API keys',
    summary: 'Create an API key',
    description:
      'The response contains the key, which is not shown again. The caller can grant only scopes that it has. A key with ' +
      '`consumer_id` has access to one consumer, and can only read and write subscriptions and deliveries.',
    newId: newKeyId,
    body: jsonBody<KeyBody>({
      schema: named('NewApiKey', bodySchemas.key),
      example: { name: 'shop backend', scopes: ['events:write'] },
    }),
    responses: {
      201: {
        description: 'The key.',
        schema: createdKeySchema,
        headers: ['ETag', 'Location'],
      },
    },
    problems: ['conflict'],
    handle: async (call) => {
      const { principal, body, run } = call;
      const created = await createApiKey(parts, { principal, body, id: run.id, by: actorOf(call) });
      const { entity, propagated, shown } = created;
      const nowMs = parts.apiKeys.clock.nowMs();
      return {
        status: 201,
        body: { ...apiKeyView(entity, { propagated, lastUsedAtMs: undefined, nowMs }), key: shown },
        headers: { etag: etagOf(entity), location: `${path}/${entity.id}`, 'cache-control': 'no-store' },
      };
    },
  });
