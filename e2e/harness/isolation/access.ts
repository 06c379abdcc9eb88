/**
 * The objects of one consumer of a workspace, by name. No other consumer and no other workspace may see a trace of
 * them.
 */
export type Owned = Readonly<{
  workspace: string;
  consumer: string;
  name: string;
  contact: string;
  subscription: string;
  endpointUrl: string;
  description: string;
  event: string;
  delivery: string;
  deadLetter: string;
  job: string;
  export: string;
  /** A run of a worker application, which belongs to the workspace. */
  run: string;
  apiKey: string;
  auditEntry: string;
  /** A draft, visible to no consumer. */
  eventType: string;
  /** A source of third-party webhooks, which belongs to the workspace. */
  source: string;
  /** An event that this source received, internal: visible to no consumer. */
  received: string;
}>;

/**
 * The expected result for a key with most scopes, but not for these objects. 404: the object does not exist for the
 * key. 403: the key lacks the scope, or the request names a foreign workspace. 422: the body names an object that does
 * not exist for the key. `blind`: the request succeeds, and neither shows nor changes anything of the owner.
 */
export type Outcome = 404 | 403 | 422 | 'blind';

/** One access to the owner's objects, and its result for a key of another workspace and of another consumer. */
export type Try = Readonly<{
  params?(owned: Owned): Readonly<Record<string, string>>;
  query?(owned: Owned): Readonly<Record<string, string>>;
  body?(owned: Owned): unknown;
  stranger: Outcome;
  neighbour: Outcome;
}>;
