/** The example of a dead letter in the API description. */
export const deadLetterExample = {
  id: 'dl_7c9e2a4b6d8f4013a5b7c9d1e3f50718',
  kind: 'delivery',
  state: 'waiting',
  reason: 'exhausted',
  delivery_id: 'dlv_0b8e1a3c5d7f4e6a9b2c4d6e8f0a1b3c',
  event_id: 'evt_019aab3cf4007c3d8e4f5a6b7c8d9e0f',
  chain: 0,
  event_type: 'order.paid',
  subscription_id: 'sub_019aab3cf4007c3d8e4f5a6b7c8d9e0f',
  consumer_id: 'acme',
  attempt_count: 8,
  last_status_code: 500,
  last_error: 'http-status',
  first_error_at: '2026-11-22T10:00:00.000Z',
  last_error_at: '2026-11-23T03:36:05.000Z',
  recorded_at: '2026-11-23T03:36:05.000Z',
  bytes: 131,
  erased: false,
  origin: null,
  job_id: null,
  redriven_chain: null,
  settled: null,
} as const;

/** The example of a dead letter with its content. */
export const deadLetterDetailExample = {
  ...deadLetterExample,
  command: {
    trigger: 'retry',
    attempt: 8,
    position: 7,
    format: 'standard',
    ordering_key: null,
    subscription_version: 1,
    accepted_at: '2026-11-22T10:00:00.000Z',
  },
  attempts: [{ at: '2026-11-23T03:36:05.000Z', status_code: 500, reason: 'http-status', duration_ms: 41 }],
  record: null,
  body: { encoding: 'utf-8', content: '{"id":"evt_…"}', bytes: 131, is_truncated: false },
} as const;

/** The example of dead-letter counts. */
export const countsExample = {
  total: 12,
  data: [
    {
      kind: 'delivery',
      reason: 'exhausted',
      state: 'waiting',
      count: 12,
      oldest_at: '2026-11-23T03:36:05.000Z',
    },
  ],
} as const;
