// In a project of yours: '@tidings/sdk'.
import { createClient } from '../../packages/sdk/dist/index.js';
import { localStack } from '../local-stack.mjs';

const url = process.env.TIDINGS_URL ?? (await localStack()).url;
const tidings = createClient({ url, apiKey: process.env.TIDINGS_API_KEY ?? '' });

// What a shop does for each order that was placed: node shop.mjs o-1001
const [order = 'o-1001'] = process.argv.slice(2);
const { id } = await tidings.publish(
  {
    type: 'order.created',
    data: { order, total: 4990, currency: 'EUR' },
    orderingKey: order,
    consumerId: 'acme',
  },
  // The same order is the same event, however often this runs within ten minutes.
  { idempotencyKey: `${order}-created` },
);
console.log(id);
