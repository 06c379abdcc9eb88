import { refusalReasons } from '@tidings/contracts';
import { named, pageSchema } from '@tidings/http';
import { countsSchema } from '../../events/adapters/event-schemas.ts';
import { receivedOutcomes } from '../domain/received-webhook.ts';

const text = { type: 'string' } as const;
const textOrNull = { type: ['string', 'null'] } as const;
const count = { type: 'integer', minimum: 0 } as const;

const properties = {
  id: text,
  received_at: { ...text, format: 'date-time', description: 'Time at which it was accepted or refused.' },
  source_id: text,
  provider: text,
  outcome: {
    enum: receivedOutcomes,
    description:
      'accepted: the log has its events. repeated: accepted, and the provider had sent it before. checked: it only checked the endpoint. refused: for the `reason`.',
  },
  reason: {
    enum: [...refusalReasons, null],
    description:
      'Why it was refused. incomplete: its body ended early. empty: a list without items. overloaded: too many bodies at once. unavailable: the log did not acknowledge it in time; the provider was asked to send it again.',
  },
  count: {
    ...count,
    description:
      'The number of requests: those that were refused for one reason within a second are one entry, which describes the first, and so are the repeats of one webhook.',
  },
  size_bytes: {
    type: ['integer', 'null'],
    description: 'Size of the body; null if it was refused without being read.',
  },
  type: { ...textOrNull, description: 'Type of the event, of the first of several.' },
  provider_id: {
    ...textOrNull,
    description:
      "The provider's id of the first event; null without one, and if the event is erased or expired.",
  },
  event_count: { ...count, description: 'The number of its events.' },
  event_ids: { type: 'array', items: text, description: 'The first 20 of them.' },
  spooled: {
    type: 'boolean',
    description:
      'True if its events waited in the spool of ingress while the log was away. The entry appeared when they had left it.',
  },
  deliveries: {
    oneOf: [countsSchema, { type: 'null' }],
    description: 'Number of deliveries of the first event, by status; null without an event.',
  },
} as const;

const example = {
  ...{ id: 'rcv_019aab3cf4007c3d8e4f5a6b7c8d9e0f', received_at: '2026-11-22T10:00:00.004Z' },
  ...{ source_id: 'src_019aab3cf4007c3d8e4f5a6b7c8d9e0f', provider: 'github', outcome: 'accepted' },
  ...{ reason: null, count: 1, size_bytes: 7_421, type: 'github.push' },
  ...{ provider_id: '72d3162e-cc78-11e3-81ab-4c9367dc0958', event_count: 1 },
  event_ids: ['evt_019aab3cf4007c3d8e4f5a6b7c8d9e0f'],
  spooled: false,
  deliveries: {
    ...{ total: 1, pending: 0, retrying: 0, delivered: 1, failed: 0, dead_lettered: 0, suppressed: 0 },
  },
} as const;

/** A page of what a source received. */
export const receivedPageSchema = named(
  'ReceivedWebhookPage',
  pageSchema(
    named('ReceivedWebhook', { type: 'object', properties, required: Object.keys(properties) }, example),
  ),
  { data: [example], next_cursor: null },
);
