import { consumerIdRule } from '@tidings/contracts';
import { named } from '@tidings/http';

/** The body that requests an erasure. */
export const erasureBody = named(
  'ErasureRequest',
  {
    type: 'object',
    properties: {
      event_id: {
        type: 'string',
        pattern: '^evt_[0-9a-f]{32}$',
        description: 'The event whose data is erased, with everything that was recorded of its deliveries.',
      },
      consumer_id: {
        ...consumerIdRule,
        description:
          'The consumer whose data is erased: the events that are addressed to it, and the deliveries to its subscriptions, of events that were accepted before the request.',
      },
      reason: {
        type: 'string',
        minLength: 1,
        maxLength: 256,
        description: 'For the job and the audit log. It is not erased: write no personal data.',
      },
    },
    minProperties: 1,
    additionalProperties: false,
  } as const,
  { consumer_id: 'acme', reason: 'request 4711' },
);
