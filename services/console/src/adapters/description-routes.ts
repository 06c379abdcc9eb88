import { describing, descriptionHeaders, type Route, route } from '@tidings/http';
import type { CollectDescription } from '../collect-description.ts';

/** GET /v1/openapi.json: what all services answer. */
export const descriptionRoutes = (collectDescription: CollectDescription): Route[] => [
  route({
    ...describing,
    handle: async () => ({ status: 200, body: await collectDescription(), headers: descriptionHeaders }),
  }),
];
