import { type Route, route } from '../route.ts';
import { describeApi } from './describe-api.ts';

const path = '/v1/openapi.json';

/** How /v1/openapi.json is declared, wherever it is answered. */
export const describing = {
  operationId: 'getDescription',
  method: 'GET',
  path,
  access: { public: 'it holds no data' },
  tag: 'Description',
  summary: 'This description, as OpenAPI 3.1',
  answers: { 200: { description: 'The description.', schema: { type: 'object' } } },
} as const;

/** The headers of a description: it changes only when the service does, and pages of other origins get more headers. */
export const descriptionHeaders = { 'cache-control': 'public, max-age=60', vary: 'Origin' };

/** GET /v1/openapi.json: describes the routes given, and itself. */
export function descriptionRoute(routes: readonly Route[]): Route {
  const own: Route = route({
    ...describing,
    handle: async () => ({ status: 200, body: description, headers: descriptionHeaders }),
  });
  const description = describeApi([...routes, own]);
  return own;
}
