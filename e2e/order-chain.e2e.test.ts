import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePorts } from '@tidings/local-stack';
import { expect, it, onTestFinished } from 'vitest';
import { Caller } from './harness/caller.ts';
import { inOwnWorkspace, sharedTidings } from './harness/shared-tidings.ts';

type Faults = Readonly<{
  answersOf: (seed: string, call: string, order: string) => readonly number[];
  isCancelled: (seed: string, order: string) => boolean;
}>;
type Run = Readonly<{
  id: string;
  status: string;
  handler: string;
  steps: readonly Readonly<{ name: string; status: string; attempt_count: number }>[];
}>;
type ListedRun = Run & Readonly<{ ordering_key: string }>;

const example = (file: string): string =>
  fileURLToPath(new URL(`../examples/order-chain/${file}`, import.meta.url));

// Order 1: a system that stays down, one that recovers, one that refuses. Order 2: cancelled by the customer. 3 and 4: delivered.
const seed = '42';

/** Returns how each run of an order must end, by handler, and the statuses that the partner must get. */
const expectedOf = ({ answersOf, isCancelled }: Faults, order: string) => {
  const stateOf = (call: string): string =>
    answersOf(seed, call, order).at(-1) === 201 ? 'succeeded' : 'failed';
  const created = {
    status: 'completed',
    steps: {
      'sync-crm': stateOf('crm/customers'),
      'notify-warehouse': 'succeeded',
      'reserve-stock': stateOf('warehouse/reservations'),
    },
  };
  const cancelled = {
    status: 'completed',
    steps: { 'release-stock': 'succeeded', refund: 'succeeded', 'close-in-crm': 'succeeded' },
  };
  const paid = { 'mark-paid': 'succeeded', 'make-invoice': 'succeeded' };
  if (isCancelled(seed, order))
    return {
      runs: { 'order.created': created, 'order.cancelled': cancelled },
      statuses: ['placed', 'cancelled'],
    };
  if (stateOf('warehouse/shipments') === 'failed') {
    const undone = { 'make-invoice:compensate': 'succeeded', 'cancel-order': 'succeeded' };
    const failed = { status: 'failed', steps: { ...paid, fulfil: 'failed', ...undone } };
    return {
      runs: { 'order.created': created, 'order.paid': failed, 'order.cancelled': cancelled },
      statuses: ['placed', 'paid', 'cancelled'],
    };
  }
  const completed = { status: 'completed', steps: { ...paid, fulfil: 'succeeded', confirm: 'succeeded' } };
  const shipped = {
    status: 'completed',
    steps: { 'send-tracking': 'succeeded', 'mark-delivered': 'succeeded' },
  };
  return {
    runs: { 'order.created': created, 'order.paid': completed, 'order.shipped': shipped },
    statuses: ['placed', 'paid', 'shipped', 'delivered'],
  };
};

it('the order chain ends the runs of every order as its seed says, and tells the partner and Slack', async () => {
  const [unique = 0] = await freePorts('127.0.0.1', 1);
  const own = await inOwnWorkspace(await sharedTidings(), `ws_order_chain_${unique}`);
  const folder = await mkdtemp(join(tmpdir(), 'tidings-order-chain-'));
  onTestFinished(async () => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'local.json'), JSON.stringify(own), { mode: 0o600 });
  const faults = (await import(example('faults.mjs'))) as Faults;

  const args = ['--once', '--orders', '4', '--seed', seed, '--pause', '0', '--backoff', '0'];
  const { stdout } = await promisify(execFile)(process.execPath, [example('start.mjs'), ...args], {
    env: { ...process.env, TIDINGS_DATA: folder },
    timeout: 120_000,
  });

  const orders = [...stdout.matchAll(/^shop +(\S+) placed$/gm)].map(([, order = '']) => order);
  expect(orders).toHaveLength(4);
  const caller = new Caller(own.url, own.admin_key);
  const path = '/webhooks/runs?app=order-chain&limit=100';
  const { data } = await caller.call<{ data: readonly ListedRun[] }>('GET', path);
  for (const order of orders) {
    const expected = expectedOf(faults, order);
    const runs = await Promise.all(
      data
        .filter((run) => run.ordering_key === order)
        .map(async ({ id }) => caller.call<Run>('GET', `/webhooks/runs/${id}`)),
    );
    const ended = runs.map(({ handler, status, steps }) => [
      handler,
      { status, steps: Object.fromEntries(steps.map((step) => [step.name, step.status])) },
    ]);
    expect({ order, runs: Object.fromEntries(ended) as unknown }).toEqual({ order, runs: expected.runs });
    expect(runs).toHaveLength(Object.keys(expected.runs).length);

    // Once each, in the order of their changes.
    const received = [...stdout.matchAll(new RegExp(`^partner +${order} (\\w+) dlv_\\w+$`, 'gm'))];
    expect(received.map(([, status]) => status)).toEqual(expected.statuses);
  }

  const failed = data.filter(({ status }) => status === 'failed').map(({ id }) => id);
  expect(failed.length).toBeGreaterThan(0);
  const alerted = [
    ...stdout.matchAll(/^slack +Run (run_\w+) of order-chain\/order\.paid failed at step fulfil/gm),
  ];
  expect(alerted.map(([, id]) => id).sort()).toEqual([...failed].sort());
});
