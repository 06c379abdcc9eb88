/** The tags of the API, in order, with their descriptions. */
export const apiTags = {
  Events:
    'What happened. An accepted event is on the log and is matched to every subscription that wants it.',
  Subscriptions: 'Who wants which events, and where they are sent.',
  'Event types': 'The catalogue of what can be published, with schemas and examples.',
  Deliveries: 'What became of each event at each subscription, attempt by attempt.',
  'Dead letters': 'Deliveries that were given up, until they are redriven or discarded.',
  Consumers: 'The partners of a workspace.',
  Workspaces: 'Hard walls: nothing of one is ever seen from another.',
  'API keys': 'Who may call, and what.',
  Sources: 'Signed webhooks of third parties as a source of events.',
  Replays: 'Events of the past, delivered again.',
  Audit: 'Who changed what.',
  Description: 'This description.',
} as const;

/** One of {@link apiTags}. */
export type ApiTag = keyof typeof apiTags;
