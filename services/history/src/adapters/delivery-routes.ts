import { deliveryId } from '@tidings/contracts';
import { type Authenticate, principalOf, requireKey, sendList } from '@tidings/http';
import { AppError } from '@tidings/runtime';
import type { Express } from 'express';
import { listDeliveries } from '../list-deliveries.ts';
import type { DeliveryStore } from '../ports.ts';
import { readDeliveryQuery, wallsOf } from './delivery-query.ts';
import { deliveryView, summaryView } from './delivery-view.ts';

/** What the routes stand on. */
export type DeliveryRoutes = Readonly<{
  store: Pick<DeliveryStore, 'find' | 'list'>;
  authenticate: Authenticate;
}>;

const path = '/v1/webhooks/deliveries';

/** Mounts the list of deliveries and the single delivery with its attempts. */
export const mountDeliveryRoutes = (app: Express, { store, authenticate }: DeliveryRoutes): void => {
  const mayRead = requireKey(authenticate, 'deliveries:read');
  app.get(path, mayRead, async (request, response) => {
    const query = readDeliveryQuery(request.query, principalOf(request));
    const { deliveries, next } = await listDeliveries(store, query.filters, query);
    const nextCursor = next === null ? null : query.cursorAt(next);
    sendList(request, response, { data: deliveries.map(summaryView), nextCursor });
  });
  app.get(`${path}/:id`, mayRead, async (request, response) => {
    const { id } = request.params;
    const delivery = await store.find(deliveryId(id), wallsOf(principalOf(request)));
    // Another's delivery looks like one that does not exist.
    if (delivery === null) {
      throw new AppError({ code: 'not-found', message: `There is no delivery '${id.slice(0, 60)}'.` });
    }
    response.json(deliveryView(delivery));
  });
};
