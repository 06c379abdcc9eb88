// In a project of yours: '@tidings/chains'.
import { chain, createLogger, createWorker, step } from '../../packages/chains/dist/index.js';
import { localStack } from '../local-stack.mjs';

const { brokers, workspace_id: workspaceId } = await localStack();

// Tried up to three times, with a second between attempts. Pass the idempotency key to whatever the step calls.
const fulfil = step('fulfil', { tries: 3, backoff: [1] }, async ({ order }, { attempt, idempotencyKey }) => {
  if (attempt === 1) {
    console.log('the warehouse is overloaded');
    throw new Error('the warehouse answered 503');
  }
  console.log(`fulfilled ${order}`);
  return { parcel: `p-${idempotencyKey.slice(-8)}` };
});

// Gets the result of the step before it.
const confirm = step('confirm', async ({ parcel }, { event }) => {
  console.log(`confirmed ${event.data.order}`);
  return { parcel };
});

const worker = createWorker({
  app: 'guide',
  brokers: brokers.split(','),
  workspaces: [workspaceId],
  logger: createLogger({ service: 'guide', level: 'warn' }),
});
worker.on('order.paid', chain([fulfil, confirm]));
await worker.start();
console.log('the worker is ready');
