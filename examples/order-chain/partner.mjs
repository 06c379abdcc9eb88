import express from 'express';
// In a project of yours: '@tidings/sdk'.
import { memoryDedupe, webhookMiddleware, webhookOf } from '../../packages/sdk/dist/index.js';
import { listen } from './listen.mjs';

export const partnerId = 'order-chain-partner';

/**
 * Starts a partner that subscribes to order.status_changed, and handles each webhook once. `statuses` has those of each
 * order, as they came.
 */
export async function startPartner({ api, report }) {
  const statuses = new Map();
  const secrets = [];
  const app = express();
  const server = await listen(app);
  await api('POST', '/webhooks/consumers', { id: partnerId, name: 'A partner' }).catch((error) => {
    if (error.status !== 409) throw error; // it exists since an earlier start
  });
  const subscription = await api('POST', '/webhooks/subscriptions', {
    consumer_id: partnerId,
    endpoint_url: `${server.url}/hooks`,
    events: ['order.status_changed'],
    // The statuses of one order come in their order.
    ordering: 'key',
    send_test: false,
  });
  secrets.push(subscription.secret);
  app.post('/hooks', webhookMiddleware({ secrets, dedupe: memoryDedupe() }), (request, response) => {
    const { id, event } = webhookOf(request);
    const { order, status } = event.data;
    statuses.set(order, [...(statuses.get(order) ?? []), status]);
    report('partner', order, `${status} ${id}`);
    response.sendStatus(204);
  });
  return {
    statuses,
    close: async () => {
      await api('DELETE', `/webhooks/subscriptions/${subscription.id}`);
      await server.close();
    },
  };
}
