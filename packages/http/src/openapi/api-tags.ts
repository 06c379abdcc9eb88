/** The tags of the API, in order, with their descriptions. */
export const apiTags = {
  Events:
    'Published events. An accepted event is stored in the log and delivered to every matching subscription.',
  Subscriptions: 'Endpoints, and the events that are sent to each of them.',
  'Event types': 'The event types that can be published, with schemas and examples.',
  Deliveries: 'One event for one subscription, with every attempt and its result.',
  Stream: 'Events, attempts and states of deliveries as they happen.',
  'Dead letters': 'Deliveries that ended undelivered. They can be redriven or discarded.',
  Statistics: 'Counts, success rates and latencies over time.',
  Exports: 'Files of events, deliveries, attempts, dead letters or the audit log.',
  Runs: 'Work that events have started in worker applications: steps, attempts and results.',
  Consumers: 'The partners of a workspace. Each sees its own subscriptions and deliveries only.',
  Portal: 'The pages of Tidings for the partners of a workspace: links to them, and their appearance.',
  Workspaces: 'The tenants. Data of one workspace is not visible to another.',
  'API keys': 'Credentials of a workspace or of one consumer, with scopes.',
  Sources: 'Signed webhooks of third parties as a source of events.',
  Jobs: 'Work that takes long: redrives, discards and others, with progress, pause and cancellation.',
  Replays: 'Past events that are delivered again.',
  Audit: 'Every change to the registry, with its author.',
  Description: 'This description.',
} as const;

/** One of {@link apiTags}. */
export type ApiTag = keyof typeof apiTags;
