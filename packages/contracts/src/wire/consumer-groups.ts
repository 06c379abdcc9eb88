/** The consumer groups of the pipeline. Those of settings are defaults. A name is written here and nowhere else. */
export const consumerGroups = {
  /** Reads the events, in fanout. */
  fanout: 'tidings-fanout',
  /** Reads the orders for replays, in fanout. */
  replays: 'tidings-replays',
  /** Reads the commands, in delivery. */
  delivery: 'tidings-delivery',
  /** Reads the retry topics, in delivery. */
  retry: 'tidings-delivery-retry',
  /** Reads the attempts, in subscription. */
  endpointHealth: 'tidings-subscription-health',
  /** Reads the attempts, in history. */
  history: 'tidings-history',
} as const;

/** The first part of the names of the groups that a reader uses once, for itself alone; they commit nothing. */
export const temporaryGroupsOf = (reader: string): string => `tidings.temporary.${reader}.`;
