import express from 'express';
import { MongoClient } from 'mongodb';
// In a project of yours: '@tidings/sdk' and '@tidings/sdk/outbox'.
import { createClient } from '../../packages/sdk/dist/index.js';
import { createRelay, mongoOutbox } from '../../packages/sdk/dist/outbox.js';
import { listen } from './listen.mjs';
import { partnerId } from './partner.mjs';

// From which statuses an order gets to each.
const before = { paid: ['placed'], shipped: ['paid'], delivered: ['shipped'], cancelled: ['placed', 'paid'] };
// Changes that start work inside the company; the partner hears of all.
const eventOf = { placed: 'order.created', shipped: 'order.shipped', cancelled: 'order.cancelled' };

export const eventTypes = [...Object.values(eventOf), 'order.paid', 'order.status_changed'];

/** Returns the number of events of an order that start work: those of its statuses, and order.paid. */
export const startingEventsOf = ({ history, paid }) =>
  history.filter((status) => status in eventOf).length + (paid ? 1 : 0);

/** Starts the shop: its API, its orders in MongoDB, and the relay that publishes the events of its outbox. */
export async function startShop({ tidings: { url, admin_key: apiKey, mongodb_uri: uri }, report }) {
  const mongo = await MongoClient.connect(uri);
  const db = mongo.db('order_chain_shop');
  const orders = db.collection('orders');
  const outbox = mongoOutbox({ collection: db.collection('outbox'), keys: db.collection('outbox_keys') });
  await db
    .collection('outbox')
    .createIndexes([
      { key: { refused: 1, claimed_until: 1, added_at: 1 } },
      { key: { queue: 1, position: 1 } },
      { key: { claim_id: 1 }, sparse: true },
    ]);
  await db.collection('outbox_keys').createIndex({ used_at: 1 }, { expireAfterSeconds: 30 * 86_400 });

  // Both the order and its events are stored, or neither. The embedded MongoDB of `npm start` has no transactions: there
  // a crash between the two can lose the events. A replica set, which its URI names, has them.
  const hasTransactions = mongo.options.replicaSet !== undefined;
  const inTransaction = async (work) =>
    hasTransactions
      ? mongo.withSession((session) => session.withTransaction(async () => work(session)))
      : work(undefined);

  const publish = async (session, { _id: order, total }, type) =>
    outbox.add(session, { type, data: { order, total, currency: 'EUR' }, orderingKey: order });

  const publishStatus = async (session, order) => {
    if (order.status in eventOf) await publish(session, order, eventOf[order.status]);
    const data = { order: order._id, status: order.status };
    const event = { type: 'order.status_changed', data, orderingKey: order._id, consumerId: partnerId };
    await outbox.add(session, event);
    report('shop', order._id, order.status);
  };

  const app = express().use(express.json());

  app.post('/orders', async (request, response) => {
    const order = { ...request.body, status: 'placed', history: ['placed'], paid: false };
    await inTransaction(async (session) => {
      await orders.insertOne(order, { session });
      await publishStatus(session, order);
    });
    response.status(201).json(order);
  });

  app.post('/orders/:id/payment', async (request, response) => {
    const unpaid = { _id: request.params.id, paid: false };
    await inTransaction(async (session) => {
      const order = await orders.findOneAndUpdate(unpaid, { $set: { paid: true } }, { session });
      if (order !== null) await publish(session, order, 'order.paid');
    });
    response.sendStatus(204);
  });

  // Steps of the worker call this, at least once: a status that the order has had is no change.
  app.put('/orders/:id/status', async (request, response) => {
    const { id } = request.params;
    const { status } = request.body;
    await inTransaction(async (session) => {
      const change = { $set: { status }, $push: { history: status } };
      const options = { session, returnDocument: 'after' };
      const order = await orders.findOneAndUpdate(
        { _id: id, status: { $in: before[status] } },
        change,
        options,
      );
      if (order !== null) await publishStatus(session, order);
    });
    const order = await orders.findOne({ _id: id });
    response.status(order?.history.includes(status) ? 200 : 409).json(order);
  });

  const stop = new AbortController();
  // In production a key that can publish and nothing else.
  const relay = createRelay({
    outbox,
    tidings: createClient({ url, apiKey }),
    idleMs: 200,
    onRefused: (refused) => {
      for (const { id, reason } of refused) report('relay', id, `was refused: ${reason}`);
    },
  }).run(stop.signal);
  const server = await listen(app);
  return {
    url: server.url,
    /** Returns those of the orders that were placed. */
    list: async (ids) => orders.find({ _id: { $in: ids } }).toArray(),
    close: async () => {
      await server.close();
      stop.abort();
      await relay;
      await mongo.close();
    },
  };
}
