import { consumerId, eventId, sourceId, subscriptionId, workspaceId } from '@tidings/contracts';
import { createConnection } from 'mongoose';
import { describe, expect, it } from 'vitest';
import { MongoAuditStore } from '../audit/adapters/mongo-audit-store.ts';
import { MongoDeadLetterStore } from '../dead-letters/adapters/mongo-dead-letter-store.ts';
import { MongoDeliveryStore } from '../deliveries/adapters/mongo-delivery-store.ts';
import { MongoEventStore } from '../events/adapters/mongo-event-store.ts';
import { MongoJobStore } from '../jobs/adapters/mongo-job-store.ts';

import { MongoReceivedStore } from '../received/adapters/mongo-received-store.ts';
import { MongoRunStore } from '../runs/adapters/mongo-run-store.ts';

type Conditions = Readonly<Record<string, unknown>>;
type Order = Readonly<Record<string, 1 | -1>>;
type Asked = Readonly<{ conditions: Conditions; order: Order }>;

const connection = createConnection();
const seconds = { observe: () => {} };
const deliveries = new MongoDeliveryStore(connection, seconds as never);
const events = new MongoEventStore(connection, seconds as never);
const deadLetters = new MongoDeadLetterStore(connection, seconds as never);
const audit = new MongoAuditStore(connection, seconds as never);
const jobs = new MongoJobStore(connection, seconds as never);
const received = new MongoReceivedStore(connection, seconds as never);
const runs = new MongoRunStore(connection, seconds as never);

/** Returns what a store asks of its model, without a server. */
const askedOf = async (name: string, run: () => Promise<unknown>): Promise<Asked> => {
  const model = connection.model(name);
  const asked: { conditions: Conditions; order: Order } = { conditions: {}, order: {} };
  const chain = {
    sort: (order: Order) => Object.assign(asked, { order }) && chain,
    limit: () => chain,
    lean: async () => [],
  };
  const find = model.find;
  model.find = ((conditions: Conditions) => Object.assign(asked, { conditions }) && chain) as never;
  try {
    await run();
  } finally {
    model.find = find;
  }
  return asked;
};

/** Returns the conditions on fields, those inside of `$and` too. */
const flat = (conditions: Conditions): Conditions => {
  const { $and: all, ...others } = conditions;
  const inside = (Array.isArray(all) ? (all as Conditions[]) : []).map(flat);
  return Object.fromEntries([others, ...inside].flatMap((each) => Object.entries(each)));
};

const isOneOf = (value: unknown): boolean => value === null || typeof value !== 'object' || '$in' in value;

/**
 * Returns the fields that an index finds at once: it begins with fields of which the query names the values, and goes on
 * with the order of the list, so that MongoDB neither sorts nor reads more than the page. Null if it does not. A range
 * of types is read type by type.
 */
const servedBy = ({ conditions, order }: Asked, index: Order): readonly string[] | null => {
  const named = flat(conditions);
  const fields = Object.keys(index);
  const sorted = Object.keys(order);
  const first = fields.length - sorted.length;
  const wanted = fields.slice(0, first);
  const isInOrder = sorted.every((field, i) => fields[first + i] === field);
  const ways = new Set(sorted.map((field) => (order[field] ?? 1) * (index[field] ?? 1)));
  const isServed = first >= 0 && isInOrder && ways.size < 2;
  return isServed && wanted.every((field) => field in named && isOneOf(named[field])) ? wanted : null;
};

/** Returns what each declared index that has the order of the list finds at once. */
const served = (name: string, asked: Asked): readonly (readonly string[])[] =>
  (connection.model(name).schema.indexes() as [Order, object][])
    .map(([index]) => servedBy(asked, index))
    .filter((fields) => fields !== null);

const scope = { workspaceId: workspaceId('ws_demo'), ownerId: null };
const owner = consumerId('acme');
const at = { createdAtMs: 1_790_000_000_000, key: 'evt_1/dlv_1' };
const pages = [
  { limit: 30, after: null },
  { limit: 30, after: at },
  { limit: 30, after: at, isOldestFirst: true },
];

describe('deliveries', () => {
  it.each([
    ['the newest', {}, ['workspace_id']],
    ['of a consumer’s key', { ownerId: owner }, ['workspace_id', 'consumer_id']],
    ['of a consumer', { consumerId: owner }, ['workspace_id', 'consumer_id']],
    ['with a status', { status: 'failed' as const }, ['workspace_id', 'status']],
    ['of a type', { eventType: 'order.paid' }, ['workspace_id', 'event_type']],
    ['of a subscription', { subscriptionId: subscriptionId('sub_1') }, ['subscription_id']],
    ['of a time', { createdAfterMs: 1, createdBeforeMs: 9 }, ['workspace_id']],
  ])('%s are read from an index in order, at each page', async (_, filters, fields) => {
    for (const page of pages) {
      const asked = await askedOf('Delivery', async () => deliveries.list({ ...scope, ...filters }, page));
      expect(served('Delivery', asked)).toContainEqual(fields);
    }
  });

  it('of an event are a range of keys', async () => {
    const filters = { ...scope, eventId: eventId(`evt_${'0'.repeat(32)}`) };
    const { conditions } = await askedOf('Delivery', async () =>
      deliveries.list(filters, { limit: 30, after: null }),
    );
    expect(conditions['_id']).toEqual({ $gt: `${filters.eventId}/`, $lt: `${filters.eventId}0` });
  });
});

describe('events', () => {
  it.each([
    ['the newest', {}, ['workspace_id']],
    ['of a consumer’s key', { ownerId: owner }, ['workspace_id', 'audience']],
    ['of a consumer', { consumerId: owner }, ['workspace_id', 'audience']],
    ['of a type', { type: 'order.paid' }, ['workspace_id', 'type']],
    ['with an id of its publisher', { callerId: 'order-7' }, ['workspace_id', 'caller_id']],
  ])('%s are read from an index in order, at each page', async (_, filters, fields) => {
    for (const after of [null, { acceptedAtMs: 1_790_000_000_000, id: eventId('evt_1') }]) {
      const asked = await askedOf('Event', async () =>
        events.list({ ...scope, ...filters }, { limit: 30, after } as never),
      );
      expect(served('Event', asked)).toContainEqual(fields);
    }
  });
});

describe('dead letters', () => {
  it.each([
    ['the newest', {}, ['workspace_id']],
    ['that wait', { states: ['waiting' as const] }, ['workspace_id', 'state']],
    ['of a consumer', { consumerId: owner }, ['workspace_id', 'consumer_id']],
    ['of a subscription', { subscriptionId: subscriptionId('sub_1') }, ['subscription_id']],
  ])('%s are read from an index in order, at each page', async (_, filters, fields) => {
    for (const poison of ['none', 'own', 'nobodys'] as const) {
      for (const after of [null, { recordedAtMs: 1_790_000_000_000, key: 'evt_1/dlv_1/0' }]) {
        const asked = await askedOf('DeadLetter', async () =>
          deadLetters.list({ ...scope, poison, ...filters }, { limit: 30, after }),
        );
        expect(served('DeadLetter', asked)).toContainEqual(fields);
      }
    }
  });
});

describe('what a source received', () => {
  const ofSource = ['workspace_id', 'source_id'];
  it.each([
    ['all', {}, ofSource],
    ['refused', { outcome: 'refused' as const }, [...ofSource, 'result']],
    ['refused for a reason', { reason: 'too-large' as const }, [...ofSource, 'result']],
    ['of a type', { eventType: 'github.push' }, [...ofSource, 'type', 'result']],
    [
      'of a type and repeated',
      { eventType: 'a', outcome: 'repeated' as const },
      [...ofSource, 'type', 'result'],
    ],
    ['of a time', { afterMs: 1, beforeMs: 9 }, ofSource],
  ])('%s is read from an index in order, at each page', async (_, filters, fields) => {
    for (const afterId of [null, 'rcv_1']) {
      const asked = await askedOf('Received', async () =>
        received.list({ ...scope, sourceId: sourceId('src_1'), ...filters }, { limit: 30, afterId }),
      );
      expect(served('Received', asked)).toContainEqual(fields);
    }
  });
});

describe('runs', () => {
  it.each([
    ['the newest', {}, ['workspace_id']],
    ['with a status', { statuses: ['failed' as const] }, ['workspace_id', 'status']],
    [
      'that have not ended',
      { statuses: ['running' as const, 'waiting' as const] },
      ['workspace_id', 'status'],
    ],
    ['of an ordering key', { orderingKey: 'alice' }, ['workspace_id', 'ordering_key']],
    ['that failed for a reason', { reason: 'step-failed' as const }, ['workspace_id', 'failure.reason']],
    ['that failed at a step', { step: 'make-invoice' }, ['workspace_id', 'failure.step']],
    ['of an application', { app: 'shop' }, ['workspace_id', 'app']],
    ['of a handler', { handler: 'order.paid' }, ['workspace_id', 'handler']],
    ['of an event', { eventId: eventId(`evt_${'0'.repeat(32)}`) }, ['event_id']],
    ['of a consumer', { consumerId: owner }, ['workspace_id', 'consumer_id']],
    ['of a time', { startedAfterMs: 1, startedBeforeMs: 9 }, ['workspace_id']],
  ])('%s are read from an index in order, at each page', async (_, filters, fields) => {
    const after = { startedAtMs: 1_790_000_000_000, id: 'run_1' };
    for (const page of [{ after: null }, { after }, { after, isOldestFirst: true }]) {
      const asked = await askedOf('Run', async () =>
        runs.list({ workspaceId: scope.workspaceId, ...filters }, { limit: 30, ...page }),
      );
      expect(served('Run', asked)).toContainEqual(fields);
    }
  });
});

it('the first webhooks of events are read from an index, without their repeats', async () => {
  const asked = await askedOf('Received', async () => received.firstsOf([eventId(`evt_${'0'.repeat(32)}`)]));
  expect(asked.conditions).toMatchObject({ result: 'accepted' });
  expect(served('Received', asked)).toContainEqual(['event_ids', 'result']);
});

it('the audit log and jobs are read from an index in order', async () => {
  const ofAudit = await askedOf('Audit', async () => audit.list(scope, { limit: 30, afterId: 'id' }));
  expect(served('Audit', ofAudit)).toContainEqual(['workspace_id']);
  const ofJobs = await askedOf('Job', async () =>
    jobs.list(scope, { limit: 30, after: { createdAtMs: 1, id: 'job_1' } }),
  );
  expect(served('Job', ofJobs)).toContainEqual(['workspace_id']);
});

it.each(['Delivery', 'Event', 'DeadLetter', 'Job', 'Run'])(
  'the workspaces of %s documents, and what has expired of one, are read from an index',
  (name) => {
    // On an index that begins with the field, a distinct reads one entry for each value.
    const first = (connection.model(name).schema.indexes() as [Order, object][]).map(([index]) =>
      Object.keys(index),
    );
    const times = ['created_at', 'accepted_at', 'recorded_at', 'created_at_ms'];
    expect(first.some(([field, time = '']) => field === 'workspace_id' && times.includes(time))).toBe(true);
  },
);
