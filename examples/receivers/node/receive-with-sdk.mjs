import express from 'express';
// In a project of yours: '@tidings/sdk'.
import { webhookMiddleware, webhookOf } from '../../../packages/sdk/dist/index.js';
import { openInbox } from './inbox.mjs';

// The secret of the endpoint, whsec_…; while it is being rotated both, separated by a comma.
const secrets = (process.env.WEBHOOK_SECRET ?? '').split(',').filter(Boolean);

// The work of your application. It runs after the response, once for each webhook-id; again only if it was killed.
const inbox = await openInbox(process.env.INBOX ?? 'inbox', async (id, event) => {
  console.log(`processed ${id} ${event.type}`);
});

const app = express();
// Before express.json(), which would take the raw bytes: the signature covers them.
app.post('/', webhookMiddleware({ secrets }), async (request, response) => {
  const { id, event } = webhookOf(request);
  await inbox.store(id, JSON.stringify(event));
  response.sendStatus(204);
});
app.listen(Number(process.env.PORT ?? 3000));
