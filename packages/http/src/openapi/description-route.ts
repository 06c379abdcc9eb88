import { type Route, route } from '../routing/route.ts';
import { describeApi } from './describe-api.ts';
import type { Webhooks } from './describe-webhook.ts';
import { named } from './shared-components.ts';

const path = '/v1/openapi.json';

/** How /v1/openapi.json is declared, wherever it is answered. */
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

/** The headers of a description: it changes only when the service does, and pages of other origins get more headers. */
export const descriptionHeaders = { 'cache-control': 'public, max-age=60', vary: 'Origin' };

/** Declares GET /v1/openapi.json, which describes the routes and webhooks given, and itself. */
export function descriptionRoute(routes: readonly Route[], webhooks?: Webhooks): Route {
  const own: Route = route({
    ...describing,
    handle: async () => ({ status: 200, body: description, headers: descriptionHeaders }),
  });
  const description = describeApi([...routes, own], webhooks);
  return own;
}
