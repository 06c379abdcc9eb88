// In a project of yours: '@tidings/chains'.
import {
  batch,
  chain,
  createLogger,
  createWorker,
  NonRetriableError,
  step,
} from '../../packages/chains/dist/index.js';

export const appName = 'order-chain';

/** Starts the worker application: what the company does for each event of an order. */
export async function startWorker({ tidings, urls: { shop, crm, warehouse, invoices, slack }, backoff }) {
  const options = { tries: 4, backoff, timeout: 30 };

  /** Calls another system under the key of the step, so that an attempt that is repeated does nothing twice. */
  const call = async (method, url, body, { idempotencyKey, signal }) => {
    const response = await fetch(url, {
      ...{ method, signal, body: JSON.stringify(body) },
      headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
    });
    const answer = await response.json();
    // Trying again cannot help.
    if (response.status === 422) throw new NonRetriableError(answer.error);
    if (!response.ok) throw new Error(`${response.status}: ${answer.error}`);
    return answer;
  };

  /** A step that asks a system to do something for the order of the event. */
  const ask = (name, url, more = {}) =>
    step(name, { ...options, ...more }, async (_input, context) =>
      call('POST', url, { order: context.event.data.order }, context),
    );

  /** A step that tells the shop how far the order is. */
  const mark = (status, name = `mark-${status}`) =>
    step(name, options, async (_input, context) => {
      await call('PUT', `${shop}/orders/${context.event.data.order}/status`, { status }, context);
    });

  const makeInvoice = ask('make-invoice', `${invoices}/invoices`, {
    // Runs if a later step of its chain fails for good.
    compensate: async (invoice, context) => {
      const { order } = context.event.data;
      await call('POST', `${invoices}/voids`, { order, invoice: invoice.id }, context);
    },
  });

  const worker = createWorker({
    app: appName,
    brokers: tidings.brokers.split(','),
    workspaces: [tidings.workspace_id],
    alerts: [{ url: slack, style: 'slack' }],
    // start.mjs stops everything in order, and shows the runs instead of log lines.
    signals: false,
    logger: createLogger({ service: appName, level: 'silent' }),
  });

  // Beside each other. The order goes on without one that fails: the run shows which.
  worker.on(
    'order.created',
    batch(
      [
        ask('sync-crm', `${crm}/customers`),
        ask('notify-warehouse', `${warehouse}/notices`),
        ask('reserve-stock', `${warehouse}/reservations`),
      ],
      { allowFailures: true },
    ),
  );

  // One after the other. If one fails for good, the invoice is voided, Slack is told, and the order is cancelled: the shop
  // then publishes order.cancelled.
  worker.on(
    'order.paid',
    chain([mark('paid'), makeInvoice, ask('fulfil', `${warehouse}/shipments`), mark('shipped', 'confirm')], {
      onFailure: mark('cancelled', 'cancel-order'),
    }),
  );

  worker.on('order.shipped', chain([ask('send-tracking', `${crm}/messages`), mark('delivered')]));

  // Undoes what order.created and order.paid have done.
  worker.on(
    'order.cancelled',
    chain([
      ask('release-stock', `${warehouse}/releases`),
      ask('refund', `${invoices}/refunds`),
      ask('close-in-crm', `${crm}/closures`),
    ]),
  );

  await worker.start();
  return worker;
}
