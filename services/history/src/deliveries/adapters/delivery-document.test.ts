import { anAttemptRecord } from '@tidings/testing/messages';
import { describe, expect, it } from 'vitest';
import { outcomes } from '../../../test/builders.ts';
import { deliveryOf } from '../domain/delivery.ts';
import { mergeDeliveries } from '../domain/merge-deliveries.ts';
import { type DeliveryDocument, fromDocument, toDocument } from './delivery-document.ts';

/** As the first release stored it. */
const old = {
  _id: 'evt_00000000000000000000000000000001/dlv_96081bc38b6ede82bdcaf5c7a14c33fd',
  delivery_id: 'dlv_96081bc38b6ede82bdcaf5c7a14c33fd',
  workspace_id: 'ws_demo',
  consumer_id: null,
  event_id: 'evt_00000000000000000000000000000001',
  event_type: 'order.paid',
  subscription_id: 'sub_1',
  status: 'delivered',
  status_reason: null,
  attempt_count: 1,
  last_status_code: 200,
  last_attempt_at: new Date('2026-09-21T14:13:20.100Z'),
  next_attempt_at: null,
  created_at: new Date('2026-09-21T14:13:20.000Z'),
  updated_at: new Date('2026-09-21T14:13:20.100Z'),
  attempts: [
    {
      id: '0.1',
      outcome: 'delivered',
      chain: 0,
      attempt: 1,
      trigger: 'event',
      subscription_version: 1,
      at: new Date('2026-09-21T14:13:20.100Z'),
      duration_ms: 12,
      status_code: 200,
      reason: null,
      response_excerpt: 'ok',
      next: { kind: 'none' },
    },
  ],
  rev: 4,
} as const satisfies DeliveryDocument;

describe('the document of a delivery', () => {
  it('is read from an earlier release, and written back with the same attempts', () => {
    const { delivery, rev } = fromDocument(old);
    expect(delivery.attemptEvents).toMatchObject([{ kind: 'delivered', exchange: null }]);
    const document = toDocument(delivery, rev);
    expect(document).toMatchObject({ triggers: 'event', rev: 4 });
    expect(fromDocument(document)).toEqual({ delivery, rev });
  });

  it('has each attempt as one text, in which the exchange is unchanged', () => {
    const exchange = '{"phases":{"totalMs":1},\n"request":{"headers":{}}}';
    const [failed, delivered] = [
      anAttemptRecord(1, { outcome: outcomes.failed, next: { kind: 'retry', atMs: 5_000 }, exchange }),
      anAttemptRecord(1, { attempt: 2, trigger: 'manual' }),
    ];
    const delivery = mergeDeliveries(deliveryOf(failed), deliveryOf(delivered));
    const document = toDocument(delivery, 2);
    expect(document.attempts).toEqual([expect.stringContaining(`\n${exchange}`), expect.any(String)]);
    expect(document.triggers).toEqual(['event', 'manual']);
    expect(fromDocument(document)).toEqual({ delivery, rev: 2 });
  });
});
