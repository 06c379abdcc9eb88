import { createClient } from '../packages/sdk/dist/index.js';
import { localStack } from './local-stack.mjs';

const { url, admin_key: apiKey } = await localStack();
const tidings = createClient({ url, apiKey });

// The key names the event, not the attempt to publish it: run this twice within ten minutes, and Tidings stores one
// event.
const minute = new Date().toISOString().slice(0, 16);
const { id } = await tidings.publish(
  { type: 'example.order.paid', data: { order: 17, total: '12.50' }, orderingKey: 'order-17' },
  { idempotencyKey: `order-17-paid-${minute}` },
);
console.log(`accepted as ${id}`);
