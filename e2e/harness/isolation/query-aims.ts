import type { Owned } from './access.ts';

/**
 * Values for the parameters of lists; a parameter with `null` names no object. An unlisted parameter fails the test.
 */
export const queryAims: Readonly<Record<string, ((owned: Owned) => string) | null>> = {
  subscription_id: ({ subscription }) => subscription,
  consumer_id: ({ consumer }) => consumer,
  event_id: ({ event }) => event,
  event_type: ({ eventType }) => eventType,
  event: ({ eventType }) => eventType,
  search: ({ eventType }) => eventType,
  entity_id: ({ subscription }) => subscription,
  key_id: ({ apiKey }) => apiKey,
  // Names that any workspace may use for its own.
  app: null,
  handler: null,
  started_after: null,
  started_before: null,
  // Each route that accepts it has a row for it.
  workspace_id: null,
  // Lists of names, and a position in the log: none names an object.
  kinds: null,
  types: null,
  last_event_id: null,
  limit: null,
  cursor: null,
  state: null,
  status: null,
  group: null,
  reason: null,
  kind: null,
  format: null,
  dry_run: null,
  force: null,
  // No object has it as its id.
  ordering_key: null,
  source: null,
  caller_id: null,
  text: ({ endpointUrl }) => endpointUrl,
  type: ({ eventType }) => eventType,
  accepted_after: null,
  accepted_before: null,
  trigger: null,
  outcome: null,
  received_after: null,
  received_before: null,
  status_class: null,
  recorded_after: null,
  recorded_before: null,
  created_after: null,
  created_before: null,
  after: null,
  before: null,
  from: null,
  to: null,
  granularity: null,
  group_by: null,
};
