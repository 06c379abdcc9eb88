import { expect, it } from 'vitest';
import {
  consumerId,
  deriveDeliveryId,
  deriveRunId,
  newEventId,
  subscriptionId,
  workspaceId,
} from '../ids/ids.ts';
import { decodeEvent } from './event.ts';
import { encodeOperationalEvent, type OperationalEvent, operationalEventTypes } from './operational-event.ts';

const workspace = workspaceId('main');
const subscription = subscriptionId('sub_1');
const at = '2026-01-02T03:04:05.000Z';
const about = {
  subscription_id: subscription,
  consumer_id: consumerId('acme'),
  description: null,
  endpoint_host: 'partner.example',
};
const failing = {
  ...about,
  failure_count: 4,
  failing_since: at,
  last_failure: { at, reason: 'timeout', status_code: null },
} as const;
const ofExport = {
  export_id: 'job_1',
  consumer_id: consumerId('acme'),
  of: 'events',
  format: 'csv',
} as const;
const event = newEventId(1_700_000_000_000);
const run = deriveRunId({ app: 'shop', handler: 'order.paid', eventId: event });
const base = { workspaceId: workspace, time: at, cause: 'dlv_1.0.1' };
const examples: readonly OperationalEvent[] = [
  { ...base, type: 'tidings.subscription.failing', data: failing },
  { ...base, type: 'tidings.subscription.disabled', data: { ...failing, reason: 'gone' } },
  { ...base, type: 'tidings.subscription.recovered', data: { ...about, delivered_at: at } },
  {
    ...base,
    type: 'tidings.delivery.exhausted',
    data: {
      ...about,
      delivery_id: deriveDeliveryId(event, subscription),
      event_id: event,
      event_type: 'order.paid',
      attempts: 8,
      reason: 'exhausted',
      last_failure: failing.last_failure,
    },
  },
  {
    ...base,
    type: 'tidings.export.ready',
    data: { ...ofExport, total_records: 1, bytes: 2, expires_at: at },
  },
  { ...base, type: 'tidings.export.failed', data: { ...ofExport, reason: 'the disk is full' } },
  {
    ...base,
    type: 'tidings.run.failed',
    data: {
      run_id: run,
      ...{ app: 'shop', handler: 'order.paid', event_id: event, event_type: 'order.paid' },
      ...{ reason: 'step-failed', step: 'make-invoice', retries: 0 },
    },
  },
];

const decoded = (example: OperationalEvent) =>
  decodeEvent({ ...encodeOperationalEvent(example), timestampMs: 0 });

const expectedOf = ({ data }: OperationalEvent): object => {
  // A run belongs to the workspace.
  if ('run_id' in data) return { consumerId: null, orderingKey: run };
  return { consumerId: 'acme', orderingKey: 'export_id' in data ? 'job_1' : subscription };
};

it('has an example of each type', () => {
  expect(examples.map(({ type }) => type)).toEqual(operationalEventTypes);
});

it.each(examples)('writes $type as an event addressed to the consumer that it belongs to', (example) => {
  const read = decoded(example);
  expect(read).toMatchObject({
    eventType: example.type,
    workspaceId: workspace,
    ...expectedOf(example),
    time: at,
  });
  expect(JSON.parse(read.data.toString())).toEqual(example.data);
});

it('derives the same id and body from the same cause, and others from each other type and cause', () => {
  const ids = examples.map((example) => decoded(example).id);
  expect(new Set(ids).size).toBe(examples.length);
  expect(examples.map((example) => decoded({ ...example }).id)).toEqual(ids);
  const [first] = examples as readonly [OperationalEvent];
  expect(decoded({ ...first, cause: 'dlv_1.0.2' }).id).not.toBe(ids[0]);
});

it('refuses data that is not of its type', () => {
  const broken = { ...base, type: 'tidings.subscription.recovered', data: failing } as unknown;
  expect(() => encodeOperationalEvent(broken as OperationalEvent)).toThrow('tidings.subscription.recovered');
});
