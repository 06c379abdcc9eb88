import { eventTypeRoutes } from '../../src/event-types/adapters/event-type-routes.ts';
import { catalogueTypes } from '../../src/event-types/adapters/open-catalogue.ts';
import { filterRoutes } from '../../src/subscriptions/adapters/filter-routes.ts';
import { callerOf } from '../registry-api.ts';
import { catalogueCaller, openInMemoryCatalogue } from './in-memory-catalogue.ts';
import { serveRoutes } from './serve-routes.ts';

type FilterTestAnswer = Readonly<{
  matches: boolean;
  failed: readonly object[];
  warnings: readonly object[];
  errors: readonly Readonly<{ pointer: string; detail: string }>[];
}>;

/** Serves the filter test route with an in-memory catalogue, on a real socket, for one test. */
export async function serveFilters() {
  const { documents } = await openInMemoryCatalogue();
  const { url } = await serveRoutes([
    ...eventTypeRoutes(documents),
    ...filterRoutes({
      catalogue: { typesOf: catalogueTypes(documents.store) },
    }),
  ]);
  const call = callerOf<FilterTestAnswer>(`${url}/v1/webhooks/filters/test`, 'own');
  const catalogue = catalogueCaller(url, 'own');
  return {
    test: async (body: object, key = 'own') => call('POST', '', { body, key }),
    register: async (body: object) => catalogue('POST', '', { body }),
  };
}
