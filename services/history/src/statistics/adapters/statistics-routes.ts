import { type Route, route } from '@tidings/http';
import type { Clock } from '@tidings/runtime';
import type { StatisticsStore } from '../ports.ts';
import { readStatistics } from '../read-statistics.ts';
import { readStatisticsQuery, statisticsQuery } from './statistics-query.ts';
import { statisticsSchema } from './statistics-schemas.ts';
import { statisticsView } from './statistics-view.ts';

/** The dependencies of the route. */
export type StatisticsParts = Readonly<{ store: Pick<StatisticsStore, 'read'>; clock: Clock }>;

/** Declares the route for the statistics. */
export const statisticsRoutes = ({ store, clock }: StatisticsParts): Route[] => [
  route({
    operationId: 'getStatistics',
    method: 'GET',
    path: '/v1/webhooks/stats',
    access: 'deliveries:read',
    tag: 'Statistics',
    summary: 'Read counts, success rates and latencies',
    description:
      'Figures of the workspace, or of the consumer that the key is limited to, by time and by consumer, subscription or event type. They are some seconds old. Tests are not counted.',
    query: statisticsQuery,
    responses: { 200: { description: 'The figures.', schema: statisticsSchema } },
    handle: async ({ query: given, principal }) => {
      const query = readStatisticsQuery(given, principal, clock.nowMs());
      return { status: 200, body: statisticsView(query, await readStatistics(store, query)) };
    },
  }),
];
