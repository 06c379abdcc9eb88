import { type Route, route } from '@tidings/http';
import type { SystemState } from '../read-system.ts';
import { systemSchema } from './system-schemas.ts';
import { systemView } from './system-view.ts';

/** The dependencies of the route. */
export type SystemRouteParts = Readonly<{ readSystem: () => Promise<SystemState> }>;

/** Declares the route for the state of the system. */
export const systemRoutes = ({ readSystem }: SystemRouteParts): Route[] => [
  route({
    operationId: 'getSystem',
    method: 'GET',
    path: '/v1/webhooks/system',
    access: 'platform',
    tag: 'Statistics',
    summary: 'Read the state of the installation',
    description:
      'For operators: figures of all workspaces together. A state is at most two seconds old. A part that could not be read is null, and `errors` has the reason; the others are returned nevertheless.',
    responses: { 200: { description: 'The state.', schema: systemSchema } },
    handle: async () => ({ status: 200, body: systemView(await readSystem()) }),
  }),
];
