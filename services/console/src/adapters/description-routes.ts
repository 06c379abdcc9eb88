import { describing, descriptionHeaders, type Route, route } from '@tidings/http';
import type { CollectDescription } from '../collect-description.ts';

/** Declares GET /v1/openapi.json: the joined description of all services. */
export const descriptionRoutes = (collectDescription: CollectDescription): Route[] => [
  route({
    ...describing,
    handle: async () => ({ status: 200, body: await collectDescription(), headers: descriptionHeaders }),
  }),
];
