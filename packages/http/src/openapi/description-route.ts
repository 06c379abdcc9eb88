import { type Route, route } from '../routing/route.ts';
import { describeApi } from './describe-api.ts';
import type { Webhooks } from './describe-webhook.ts';
import { named } from './shared-components.ts';

const path = '/v1/openapi.json';

/** The declaration of /v1/openapi.json, shared by every service that serves it. */
export const describing = {
  operationId: 'getDescription',
  method: 'GET',
  path,
  access: { public: 'it holds no data' },
  tag: 'Description',
  summary: 'This description, as OpenAPI 3.1',
  responses: {
    200: {
      description: 'The description.',
      schema: named(
        'OpenApiDescription',
        { type: 'object', description: 'A document of OpenAPI 3.1.' },
        { openapi: '3.1.0', info: { title: 'Tidings', version: '1' }, paths: {} },
      ),
    },
  },
} as const;

/** The headers of a description. It changes only with the service, and its CORS headers depend on the origin. */
export const descriptionHeaders = { 'cache-control': 'public, max-age=60', vary: 'Origin' };

/** Declares GET /v1/openapi.json, which describes the given routes and webhooks, and itself. */
export function descriptionRoute(routes: readonly Route[], webhooks?: Webhooks): Route {
  const own: Route = route({
    ...describing,
    handle: async () => ({ status: 200, body: description, headers: descriptionHeaders }),
  });
  const description = describeApi([...routes, own], webhooks);
  return own;
}
