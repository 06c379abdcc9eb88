import express from 'express';
import { answersOf } from './faults.mjs';
import { listen } from './listen.mjs';

/**
 * Starts a fake of an internal system: `POST /<what>` with the header idempotency-key and `{ order }` does something for
 * an order. It fails as the seed says, and does nothing twice under one key.
 */
export async function startSystem(name, { seed }) {
  const attempts = new Map();
  const done = new Map();
  const app = express().use(express.json());
  app.post('/:what', (request, response) => {
    const { order } = request.body;
    const call = `${name}/${request.params.what}`;
    const key = request.get('idempotency-key');
    if (done.has(key)) return response.status(200).json(done.get(key));
    const answers = answersOf(seed, call, order);
    const attempt = attempts.get(key) ?? 0;
    attempts.set(key, attempt + 1);
    const status = answers[Math.min(attempt, answers.length - 1)];
    if (status === 422) return response.status(422).json({ error: `${name} cannot do this for ${order}` });
    if (status === 503) return response.status(503).json({ error: `${name} is overloaded` });
    done.set(key, { id: `${request.params.what}-${order}` });
    return response.status(201).json(done.get(key));
  });
  return listen(app);
}

/** Starts a fake of Slack's incoming webhooks. `texts` are the messages it got. */
export async function startSlack({ onText }) {
  const texts = [];
  const app = express().use(express.json());
  app.post('/', (request, response) => {
    texts.push(request.body.text);
    onText(request.body.text);
    response.send('ok');
  });
  return { ...(await listen(app)), texts };
}
