import type { Operation } from './operations.ts';

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

type Aim = Pick<Try, 'params' | 'query' | 'body'>;

const hidden = { stranger: 404, neighbour: 404 } as const;
// An operation for admins rejects a consumer before it looks up any object.
const hiddenFromAdmins = { stranger: 404, neighbour: 403 } as const;
const blind = { stranger: 'blind', neighbour: 'blind' } as const;
const blindForAdmins = { stranger: 'blind', neighbour: 403 } as const;
const refused = { stranger: 403, neighbour: 403 } as const;

const ofSubscription = (body?: unknown): readonly Try[] => [
  { params: ({ subscription }) => ({ id: subscription }), body: () => body, ...hidden },
];
const typeParams: Aim = { params: ({ eventType }) => ({ name: eventType, version: '1' }) };
const ofType = (body?: unknown): readonly Try[] => [{ ...typeParams, body: () => body, ...hiddenFromAdmins }];
const ofDeadLetter = (body?: unknown): readonly Try[] => [
  { params: ({ deadLetter }) => ({ id: deadLetter }), body: () => body, ...hidden },
];
const ofJob: readonly Try[] = [{ params: ({ job }) => ({ id: job }), ...hidden }];
const consumerParams: Aim = { params: ({ consumer }) => ({ id: consumer }) };
const ofConsumer = (body?: unknown): readonly Try[] => [
  { ...consumerParams, body: () => body, ...hiddenFromAdmins },
];
const workspaceParams: Aim = { params: ({ workspace }) => ({ id: workspace }) };
const ofWorkspace = (body?: unknown): readonly Try[] => [
  { ...workspaceParams, body: () => body, ...hiddenFromAdmins },
];
const switchOfWorkspace: readonly Try[] = [{ ...workspaceParams, ...refused }];
const inWorkspace: Aim = { query: ({ workspace }) => ({ workspace_id: workspace }) };
const keyParams: Aim = { params: ({ apiKey }) => ({ id: apiKey }) };
// A request that names another workspace requires the scope `platform`, whether or not that workspace exists.
const ofKey: readonly Try[] = [
  { ...keyParams, ...hiddenFromAdmins },
  { ...keyParams, ...inWorkspace, ...refused },
];
const list: readonly Try[] = [blind];

const many = (more: object): readonly Try[] => [
  { body: ({ subscription }) => ({ filter: { subscription_id: subscription }, ...more }), ...blind },
  { body: ({ consumer }) => ({ filter: { consumer_id: consumer }, ...more }), ...blind },
  { body: ({ event }) => ({ filter: { event_id: event }, dry_run: true, ...more }), ...blind },
];
const manyDeadLetters = (more: object): readonly Try[] => [
  ...many(more),
  { body: () => ({ all: true, ...more }), ...blind },
];

// The log of the test is younger: every event of it is in the span.
// Whole buckets that stay the same: without a span, two answers differ when an hour begins between them.
const aDayMs = 86_400_000;
const span = {
  from: new Date(Date.now() - aDayMs).toISOString(),
  to: new Date(Date.now() + aDayMs).toISOString(),
};

const longAgo = (): string => new Date(Date.now() - 3_600_000).toISOString();

const ofSource = (body?: unknown): readonly Try[] => [
  { params: ({ source }) => ({ id: source }), body: () => body, ...hiddenFromAdmins },
];
const newSource = { provider: 'github', name: 'mine', secrets: ['a secret of their own'] };

const ofExport: readonly Try[] = [{ params: ({ export: one }) => ({ id: one }), ...hidden }];

const anExport = (of: string, filter: object) => ({ of, format: 'ndjson', filter });

const newSubscription = { endpoint_url: 'http://127.0.0.1:9/hook', events: ['*'], send_test: false };

/**
 * The isolation rule of every operation. A missing operation fails the test: define its rule when you declare the
 * route.
 */
export const isolationRules: Readonly<Record<string, 'public' | readonly Try[]>> = {
  getDescription: 'public',
  publishEvent: [
    { body: () => ({ type: 'own.type', data: {} }), ...blindForAdmins },
    {
      body: ({ consumer }) => ({ type: 'own.type', data: {}, consumer_id: consumer }),
      stranger: 422,
      neighbour: 403,
    },
    { body: ({ eventType }) => ({ type: eventType, data: {} }), stranger: 422, neighbour: 403 },
  ],
  publishEventBatch: [
    {
      body: ({ eventType }) => ({
        events: [
          { type: 'own.type', data: {} },
          { type: eventType, data: {} },
        ],
      }),
      ...blindForAdmins,
    },
  ],
  listSubscriptions: list,
  createSubscription: [
    { body: () => newSubscription, ...blind },
    {
      body: ({ consumer }) => ({ ...newSubscription, consumer_id: consumer }),
      stranger: 422,
      neighbour: 422,
    },
    // A consumer cannot let itself receive internal events.
    { body: () => ({ ...newSubscription, audience: 'internal' }), stranger: 'blind', neighbour: 422 },
    {
      body: ({ eventType }) => ({ ...newSubscription, events: [eventType] }),
      stranger: 422,
      neighbour: 422,
    },
  ],
  getSubscription: ofSubscription(),
  changeSubscription: ofSubscription({ description: 'mine now' }),
  deleteSubscription: ofSubscription(),
  enableSubscription: ofSubscription({}),
  disableSubscription: ofSubscription({}),
  rotateSecret: ofSubscription({}),
  testSubscription: ofSubscription({}),
  testFilter: [
    { body: () => ({ filter: { a: 1 }, event: { data: {} } }), ...blind },
    { body: ({ eventType }) => ({ filter: { a: 1 }, event: { type: eventType, data: {} } }), ...blind },
    { body: ({ eventType }) => ({ filter: { a: 1 }, event_type: eventType }), stranger: 422, neighbour: 422 },
  ],
  // The signature of the provider is the credential.
  receiveWebhook: 'public',
  listSources: [blindForAdmins],
  createSource: [
    { body: () => newSource, ...blindForAdmins },
    { body: ({ consumer }) => ({ ...newSource, consumer_id: consumer }), stranger: 422, neighbour: 403 },
  ],
  getSource: ofSource(),
  changeSource: ofSource({ name: 'mine now' }),
  rotateSourceSecret: ofSource({ secret: 'a secret of their own' }),
  enableSource: ofSource(),
  disableSource: ofSource(),
  deleteSource: ofSource(),
  listReceivedWebhooks: ofSource(),
  listEventTypes: list,
  createEventType: [{ body: () => ({ name: 'own.made' }), ...blindForAdmins }],
  exportEventTypes: list,
  importEventTypes: [
    { body: () => ({ openapi: '3.1.0', webhooks: { 'own.docs': { post: {} } } }), ...blindForAdmins },
  ],
  getEventType: [{ ...typeParams, ...hidden }],
  replaceEventType: ofType({ description: 'mine now' }),
  changeEventType: ofType({ description: 'mine now' }),
  archiveEventType: ofType(),
  addEventTypeSchema: ofType({ schema: { type: 'object' } }),
  getEventTypeSchema: [{ ...typeParams, ...hidden }],
  listConsumers: list,
  createConsumer: [{ body: () => ({ id: 'partner_of_isolation' }), ...blindForAdmins }],
  getConsumer: [{ ...consumerParams, ...hidden }],
  changeConsumer: ofConsumer({ name: 'mine now' }),
  enableConsumer: ofConsumer(),
  disableConsumer: ofConsumer(),
  getIdentity: [blind],
  // A key ends what is its own: here nothing, since no browser sent the request.
  signOut: [{ body: () => ({ ends: 'session' }), ...blind }],
  getPortal: [blind],
  createPortalLink: [{ body: ({ consumer }) => ({ consumer_id: consumer }), stranger: 422, neighbour: 403 }],
  listWorkspaces: [refused],
  createWorkspace: [{ body: ({ workspace }) => ({ id: workspace }), ...refused }],
  getWorkspace: ofWorkspace(),
  changeWorkspace: ofWorkspace({ name: 'mine now' }),
  enableWorkspace: switchOfWorkspace,
  disableWorkspace: switchOfWorkspace,
  listAuditLog: [blindForAdmins],
  getAuditEntry: [{ params: ({ auditEntry }) => ({ id: auditEntry }), ...hiddenFromAdmins }],
  listEvents: list,
  getEvent: [
    { params: ({ event }) => ({ id: event }), ...hidden },
    { params: ({ received }) => ({ id: received }), ...hidden },
  ],
  getEventData: [
    { params: ({ event }) => ({ id: event }), ...hidden },
    { params: ({ received }) => ({ id: received }), ...hidden },
  ],
  listDeliveries: list,
  countUndelivered: list,
  listSubscriptionDeliveries: ofSubscription(),
  getDelivery: [{ params: ({ delivery }) => ({ id: delivery }), ...hidden }],
  retryDeliveries: [...many({}), { body: () => ({ filter: { status: 'delivered' } }), ...blind }],
  retryDelivery: [{ params: ({ delivery }) => ({ id: delivery }), ...hidden }],
  retryEvent: [
    { params: ({ event }) => ({ id: event }), body: () => ({}), ...hidden },
    {
      params: ({ event }) => ({ id: event }),
      body: ({ subscription }) => ({ subscription_ids: [subscription] }),
      ...hidden,
    },
  ],
  getSystem: [refused],
  listBreakers: [blind, { query: ({ subscription }) => ({ subscription_id: subscription }), ...blind }],
  getStatistics: [
    { query: () => span, ...blind },
    ...['subscription', 'event_type', 'consumer'].map((by) => ({
      query: () => ({ ...span, group_by: by }),
      ...blind,
    })),
  ],
  openStream: list,
  createStreamTicket: [blind],
  listDeadLetters: list,
  countDeadLetters: list,
  getDeadLetter: ofDeadLetter(),
  redriveDeadLetter: ofDeadLetter({}),
  discardDeadLetter: ofDeadLetter({ reason: 'mine now' }),
  redriveDeadLetters: manyDeadLetters({}),
  discardDeadLetters: manyDeadLetters({ reason: 'mine now' }),
  createReplay: [
    {
      body: ({ subscription }) => ({
        from: longAgo(),
        target: { subscription_id: subscription },
        dry_run: true,
      }),
      stranger: 422,
      neighbour: 422,
    },
    { body: () => ({ from: longAgo(), target: { all: true }, dry_run: true }), ...blind },
  ],
  createErasure: [
    { body: ({ event }) => ({ event_id: event }), ...hiddenFromAdmins },
    { body: ({ consumer }) => ({ consumer_id: consumer }), ...hiddenFromAdmins },
  ],
  listJobs: list,
  getJob: ofJob,
  pauseJob: ofJob,
  resumeJob: ofJob,
  cancelJob: ofJob,
  createExport: [
    { body: ({ subscription }) => anExport('deliveries', { subscription_id: subscription }), ...blind },
    { body: ({ consumer }) => anExport('dead_letters', { consumer_id: consumer }), ...blind },
    { body: () => anExport('audit', {}), ...blindForAdmins },
  ],
  listExports: list,
  getExport: ofExport,
  deleteExport: ofExport,
  // Whoever has the signed link may read the file, and nobody has a link without access to the export.
  downloadExport: 'public',
  listApiKeys: [blindForAdmins, { ...inWorkspace, ...refused }],
  createApiKey: [
    { body: () => ({ scopes: ['subscriptions:read'] }), ...blindForAdmins },
    { body: ({ workspace }) => ({ scopes: ['subscriptions:read'], workspace_id: workspace }), ...refused },
    {
      body: ({ consumer }) => ({ scopes: ['subscriptions:read'], consumer_id: consumer }),
      stranger: 422,
      neighbour: 403,
    },
  ],
  getApiKey: ofKey,
  revokeApiKey: ofKey,
  createConsumerToken: [
    { body: ({ consumer }) => ({ consumer_id: consumer }), stranger: 422, neighbour: 403 },
  ],
};

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

/** A request ready to be sent. */
export type Request = Readonly<{ method: string; path: string; body: unknown }>;

/** Builds the request of an access to the objects that `owned` names. */
export function requestOf({ method, path }: Operation, aim: Try, owned: Owned): Request {
  const params = aim.params?.(owned) ?? {};
  const query = new URLSearchParams(aim.query?.(owned) ?? {}).toString();
  const filled = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  );
  return { method, path: query === '' ? filled : `${filled}?${query}`, body: aim.body?.(owned) };
}

/**
 * Returns all accesses of an operation: those of its rule and, for a list, one more for each parameter that can name an
 * object.
 */
export function triesOf(operation: Operation): readonly Try[] {
  const rule = isolationRules[operation.operationId];
  if (rule === undefined || rule === 'public') return [];
  const [first] = rule;
  if (operation.method !== 'GET' || operation.path.includes('{') || first === undefined) return rule;
  const aimed = operation.query.flatMap((name) => {
    const aim = queryAims[name];
    return aim == null ? [] : [{ ...first, query: (owned: Owned) => ({ [name]: aim(owned) }) }];
  });
  return [...rule, ...aimed];
}
