import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { localStack } from '../local-stack.mjs';
import { placeOrders } from './customer.mjs';
import { startPartner } from './partner.mjs';
import { followRuns, hasEnded } from './runs.mjs';
import { eventTypes, startingEventsOf, startShop } from './shop.mjs';
import { startSlack, startSystem } from './systems.mjs';
import { createView } from './view.mjs';
import { startWorker } from './worker.mjs';

const help = `Usage: node examples/order-chain/start.mjs [options]      (npm start must be running)

  --orders N       number of orders to place, 1 to 100 (default 8)
  --seed S         decides which calls fail, and which customers cancel (default 10)
  --pause MS       milliseconds between two orders (default 1500)
  --backoff LIST   seconds between the attempts of a step (default 1,2,4)
  --once           end when all orders have, instead of at Ctrl-C
  --help           print this
`;

function readOptions() {
  const text = (value) => ({ type: 'string', default: value });
  const { values } = parseArgs({
    options: {
      ...{ orders: text('8'), seed: text('10'), pause: text('1500'), backoff: text('1,2,4') },
      ...{ once: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    },
  });
  const orders = Number(values.orders);
  if (!Number.isInteger(orders) || orders < 1 || orders > 100)
    throw new Error(`--orders must be an integer from 1 to 100, got '${values.orders}'`);
  const pauseMs = Number(values.pause);
  if (!(pauseMs >= 0)) throw new Error(`--pause must be a number of milliseconds, got '${values.pause}'`);
  return { ...values, orders, pauseMs, backoff: values.backoff.split(',').map(Number) };
}

/** Calls the API of Tidings. Rejects with an error that has the `status` of the response. */
const apiOf = ({ url, admin_key: key }) => {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  return async (method, path, body) => {
    const response = await fetch(`${url}/v1${path}`, { method, headers, body: JSON.stringify(body) });
    const text = await response.text();
    if (response.ok) return text === '' ? null : JSON.parse(text);
    throw Object.assign(new Error(`${method} ${path}: ${response.status} ${text}`), {
      status: response.status,
    });
  };
};

/** Activates the event types of this example that are archived, as the guide does with one at its end. */
async function activateEventTypes(api) {
  const { data } = await api('GET', '/webhooks/event-types?state=archived&search=order.&limit=100');
  for (const { name } of data.filter((type) => eventTypes.includes(type.name))) {
    await api('PATCH', `/webhooks/event-types/${name}`, { state: 'active' });
  }
}

async function run({ orders: count, seed, pauseMs, backoff, once }, opened) {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stop.abort());
  const keep = (part) => {
    opened.push(part);
    return part;
  };

  const tidings = await localStack();
  const api = apiOf(tidings);
  await activateEventTypes(api);
  const view = createView({ output: process.stdout });
  const since = new Date().toISOString();
  const slack = keep(await startSlack({ onText: (text) => view.report('slack', '', text) }));
  const crm = keep(await startSystem('crm', { seed }));
  const warehouse = keep(await startSystem('warehouse', { seed }));
  const invoices = keep(await startSystem('invoices', { seed }));
  const partner = keep(await startPartner({ api, report: view.report }));
  const shop = keep(await startShop({ tidings, report: view.report }));
  const urls = {
    ...{ shop: shop.url, crm: crm.url, warehouse: warehouse.url },
    ...{ invoices: invoices.url, slack: slack.url },
  };
  keep(await startWorker({ tidings, urls, backoff }));

  // Unlike those of earlier starts.
  const start = Date.now().toString(36);
  const ids = Array.from({ length: count }, (_, index) => `o-${start}-${index + 1}`);
  const placed = placeOrders({ shop: shop.url, seed, ids, pauseMs, signal: stop.signal });
  const runs = followRuns({ api, since });

  /** Returns true if nothing more happens for an order: a run for each event has ended, and the partner knows all. */
  const isSettled = (order, all) => {
    const own = all.filter((run) => run.ordering_key === order._id);
    return (
      ['delivered', 'cancelled'].includes(order.status) &&
      own.length === startingEventsOf(order) &&
      own.every(hasEnded) &&
      (partner.statuses.get(order._id) ?? []).length === order.history.length
    );
  };

  while (!stop.signal.aborted) {
    const orders = await shop.list(ids);
    const all = await runs.refresh();
    view.show(orders, all);
    const told = slack.texts.length >= all.filter(({ status }) => status === 'failed').length;
    const isDone = told && orders.length === count && orders.every((order) => isSettled(order, all));
    if (once && isDone) break;
    // Rejects only when the signal is aborted.
    await wait(500, undefined, { signal: stop.signal }).catch(() => {});
  }
  stop.abort();
  await placed;
}

const opened = [];
try {
  const options = readOptions();
  if (options.help) process.stdout.write(help);
  else await run(options, opened);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  // The worker first, whose steps call the others.
  for (const part of opened.reverse()) await part.close();
}
// A part that could not start may hold something open.
process.exit();
