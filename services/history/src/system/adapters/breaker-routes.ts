import { queryOf, type Route, route } from '@tidings/http';
import type { Clock } from '@tidings/runtime';
import { tenantScopeOf } from '../../adapters/tenant-scope.ts';
import type { BreakerFollower } from '../breaker-follower.ts';
import { breakersOf, openBreakers } from '../domain/open-breakers.ts';
import { inTime } from '../read-system.ts';
import { breakersSchema } from './system-schemas.ts';
import { breakersView } from './system-view.ts';

/** The dependencies of the route. */
export type BreakerRouteParts = Readonly<{ breakers: Pick<BreakerFollower, 'read'>; clock: Clock }>;

type Query = Readonly<{ subscription_id?: string }>;

/** Declares the route for the circuit breakers of a workspace. */
export const breakerRoutes = ({ breakers, clock }: BreakerRouteParts): Route[] => [
  route({
    operationId: 'listBreakers',
    method: 'GET',
    path: '/v1/webhooks/breakers',
    access: 'deliveries:read',
    tag: 'Statistics',
    summary: 'List the circuit breakers that are not closed',
    description:
      'Endpoints that failed so often that webhooks wait, and one is tried now and then; of the workspace, or of the consumer that the key is limited to. After a restart of delivery the list can be wrong for up to 10 minutes.',
    query: queryOf<Query>({
      subscription_id: {
        type: 'string',
        pattern: '^sub_[0-9A-Za-z]{1,64}$',
        description: 'Only that of this subscription.',
      },
    }),
    responses: { 200: { description: 'The breakers.', schema: breakersSchema } },
    handle: async ({ query, principal }) => {
      const records = await inTime(clock, breakers.read());
      const own = breakersOf(openBreakers(records, clock.nowMs()), tenantScopeOf(principal));
      const { subscription_id: id } = query;
      const asked = id === undefined ? own : own.filter(({ subscriptionId }) => subscriptionId === id);
      return { status: 200, body: breakersView(asked) };
    },
  }),
];
