/** An operation of the API's description, as far as the wall is concerned. */
export type Operation = Readonly<{
  operationId: string;
  method: string;
  path: string;
  /** Null: anybody may call it. */
  scope: string | null;
}>;

/** What exists in the workspace and at the consumer that own it. */
type Owned = Readonly<{
  workspace: string;
  consumer: string;
  subscription: string;
  delivery: string;
  eventType: string;
  apiKey: string;
}>;

/**
 * What must happen to a key that may do it, but not here. `object`: the path names something of another: 404. `list`:
 * answers, and shows nothing of another. `own`: names nothing of others and works on the caller's own workspace only.
 * `platform`: works on all workspaces, and refuses whoever does not hold the platform: 403.
 */
type WallRule =
  | 'public'
  | Readonly<{ kind: 'object'; params(owned: Owned): Readonly<Record<string, string>>; body?: unknown }>
  | Readonly<{ kind: 'list' }>
  | Readonly<{ kind: 'platform'; body?: unknown }>
  | Readonly<{ kind: 'own'; body: unknown }>;

const ofSubscription = (body?: unknown): WallRule => ({
  kind: 'object',
  params: ({ subscription }) => ({ id: subscription }),
  body,
});
const ofType = (body?: unknown): WallRule => ({
  kind: 'object',
  params: ({ eventType }) => ({ name: eventType, version: '1' }),
  body,
});
const ofDelivery: WallRule = { kind: 'object', params: ({ delivery }) => ({ id: delivery }) };
const ofConsumer = (body?: unknown): WallRule => ({
  kind: 'object',
  params: ({ consumer }) => ({ id: consumer }),
  body,
});
const ofWorkspace = (body?: unknown): WallRule => ({
  kind: 'object',
  params: ({ workspace }) => ({ id: workspace }),
  body,
});
const platform: WallRule = { kind: 'platform' };
const ofKey: WallRule = { kind: 'object', params: ({ apiKey }) => ({ id: apiKey }) };
const list: WallRule = { kind: 'list' };

/** The rule of every operation. One that is not here fails the test: decide on its wall when you declare it. */
export const wallRules: Readonly<Record<string, WallRule>> = {
  getDescription: 'public',
  publishEvent: { kind: 'own', body: { type: 'wall.seen', data: {} } },
  publishEventBatch: { kind: 'own', body: { events: [{ type: 'wall.seen', data: {} }] } },
  listSubscriptions: list,
  createSubscription: {
    kind: 'own',
    body: { endpoint_url: 'http://127.0.0.1:9/hook', events: ['wall.never'], send_test: false },
  },
  getSubscription: ofSubscription(),
  changeSubscription: ofSubscription({ description: 'mine now' }),
  deleteSubscription: ofSubscription(),
  enableSubscription: ofSubscription({}),
  disableSubscription: ofSubscription({}),
  rotateSecret: ofSubscription({}),
  testSubscription: ofSubscription({}),
  listEventTypes: list,
  createEventType: { kind: 'own', body: { name: 'wall.made' } },
  exportEventTypes: list,
  getEventType: ofType(),
  replaceEventType: ofType({ description: 'mine now' }),
  changeEventType: ofType({ description: 'mine now' }),
  archiveEventType: ofType(),
  addEventTypeSchema: ofType({ schema: { type: 'object' } }),
  getEventTypeSchema: ofType(),
  listConsumers: list,
  createConsumer: { kind: 'own', body: { id: 'wall-consumer' } },
  getConsumer: ofConsumer(),
  changeConsumer: ofConsumer({ name: 'mine now' }),
  enableConsumer: ofConsumer(),
  disableConsumer: ofConsumer(),
  listWorkspaces: platform,
  createWorkspace: { kind: 'platform', body: { id: 'ws_wall' } },
  getWorkspace: ofWorkspace(),
  changeWorkspace: ofWorkspace({ name: 'mine now' }),
  enableWorkspace: platform,
  disableWorkspace: platform,
  listAuditLog: list,
  listDeliveries: list,
  getDelivery: ofDelivery,
  listDeadLetters: list,
  countDeadLetters: list,
  getDeadLetter: ofDelivery,
  redriveDeadLetter: ofDelivery,
  discardDeadLetter: ofDelivery,
  redriveDeadLetters: { kind: 'own', body: {} },
  discardDeadLetters: { kind: 'own', body: {} },
  listDeadLetterJobs: list,
  getDeadLetterJob: ofDelivery,
  cancelDeadLetterJob: ofDelivery,
  listApiKeys: list,
  createApiKey: { kind: 'own', body: { scopes: ['subscriptions:read'] } },
  getApiKey: ofKey,
  revokeApiKey: ofKey,
  createConsumerToken: { kind: 'own', body: { consumer_id: 'acme' } },
};

const methods = ['get', 'post', 'put', 'patch', 'delete'];

/** What `/v1/openapi.json` answers. */
export type Description = Readonly<{
  info: object;
  paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}>;

/** Every operation of a description. */
export function operationsOf(description: Description): readonly Operation[] {
  return Object.entries(description.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => methods.includes(method))
      .map(([method, operation]) => {
        const { operationId, security } = operation as {
          operationId: string;
          security: readonly { key?: readonly string[] }[];
        };
        return { operationId, method: method.toUpperCase(), path, scope: security[0]?.key?.[0] ?? null };
      }),
  );
}

/** The request of an operation, aimed at what `owned` names. */
export function aimedAt(operation: Operation, owned: Owned): Readonly<{ path: string; body: unknown }> {
  const { operationId, path } = operation;
  const rule = wallRules[operationId];
  if (rule === undefined || rule === 'public' || rule.kind === 'list') return { path, body: undefined };
  if (rule.kind === 'own') return { path, body: rule.body };
  const params = rule.kind === 'platform' ? { id: owned.workspace } : rule.params(owned);
  return { path: path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => params[name] ?? ''), body: rule.body };
}
