import { catalogue } from '../../texts/index.ts';

/** The texts of the deliveries. */
export const texts = catalogue({
  en: {
    title: 'Deliveries',
    lead: 'One delivery is one event for one subscription, with all of its attempts.',
    emptyTitle: 'No deliveries yet',
    emptyHint:
      'A delivery appears as soon as an accepted event matches a subscription. Create a subscription, then publish an event.',
    portal: {
      lead: 'One delivery is one event for one endpoint, with all of its attempts.',
      emptyHint: 'A delivery appears here as soon as an event is sent to one of your endpoints.',
      endpoint: 'Endpoint',
    },
    noMatchTitle: 'No delivery matches the filters',
    noMatchHint: 'Widen the time or clear a filter.',
    columns: {
      event: 'Event type',
      status: 'Status',
      last: 'Last answer',
      attempts: 'Attempts',
      subscription: 'Subscription',
      created: 'Created',
    },
    filters: {
      status: 'Status',
      answer: 'Answer',
      trigger: 'Trigger',
      type: 'Event type',
      typePlaceholder: 'order.*',
      subscription: 'Subscription',
      event: 'Event',
      since: 'Time',
      consumer: 'Consumer',
    },
    answers: { '2xx': '2xx', '3xx': '3xx', '4xx': '4xx', '5xx': '5xx', none: 'No answer' },
    triggers: {
      event: 'Event',
      retry: 'Retry',
      manual: 'Resent by hand',
      replay: 'Replay',
      redrive: 'Redrive',
      test: 'Test',
    },
    erasedHint:
      'What was sent and answered was erased on request. It is not sent again; ids, times and outcomes stay.',
    erasedData: 'The data of the event was erased on request.',
    retry: {
      open: 'Retry all …',
      title: 'Retry these deliveries?',
      action: (count: number) =>
        count === 1 ? 'Retry 1 delivery' : `Retry ${count.toLocaleString()} deliveries`,
      count: (count: number) =>
        count === 1
          ? '1 delivery matches the filters.'
          : `${count.toLocaleString()} deliveries match the filters.`,
      none: 'No delivery matches the filters.',
      hint: 'Each is sent again with the same webhook-id. Those in flight, or not their turn, are left as they are.',
      delivered: 'Without a filter by status, this includes deliveries that have succeeded.',
      noFilter: 'Set a filter first: what it finds is what is retried.',
    },
    export: 'Export …',
    back: 'All deliveries',
    resend: 'Resend',
    resendTitle: 'Resend this delivery?',
    resendHint:
      'The endpoint receives the same webhook again, with the same webhook-id, as soon as it can take it. A retry that is still waiting is replaced.',
    resent: 'It is being sent again.',
    copyCurl: 'Copy as curl',
    copiedCurl:
      'Copied. The signature is masked (***), so that an endpoint that verifies it refuses the request. Use Resend for a signed one.',
    facts: {
      id: 'Delivery id (webhook-id)',
      event: 'Event',
      type: 'Event type',
      subscription: 'Subscription',
      endpoint: 'Endpoint',
      consumer: 'Consumer',
      key: 'Ordering key',
      created: 'Created',
      next: 'Next attempt',
    },
    attempts: 'Attempts',
    noAttempts: 'No attempt has been made yet.',
    neverAttempted: 'No attempt was made.',
    truncated: 'Only the newest attempts and every success are kept.',
    attempt: (number: number) => `Attempt ${number}`,
    bodyIsEvent: 'The body is the event, in the format of the subscription.',
    eventData: 'Event data',
    dataGone: 'The data of the event is not kept any more.',
    nextRetry: 'Next attempt',
  },
});
