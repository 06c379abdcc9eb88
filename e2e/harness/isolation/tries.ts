import type { Try } from './access.ts';

type Aim = Pick<Try, 'params' | 'query' | 'body'>;

export const hidden = { stranger: 404, neighbour: 404 } as const;
// An operation for admins rejects a consumer before it looks up any object.
export const hiddenFromAdmins = { stranger: 404, neighbour: 403 } as const;
export const blind = { stranger: 'blind', neighbour: 'blind' } as const;
export const blindForAdmins = { stranger: 'blind', neighbour: 403 } as const;
export const refused = { stranger: 403, neighbour: 403 } as const;

export const ofSubscription = (body?: unknown): readonly Try[] => [
  { params: ({ subscription }) => ({ id: subscription }), body: () => body, ...hidden },
];
export const typeParams: Aim = { params: ({ eventType }) => ({ name: eventType, version: '1' }) };
export const ofType = (body?: unknown): readonly Try[] => [
  { ...typeParams, body: () => body, ...hiddenFromAdmins },
];
export const ofDeadLetter = (body?: unknown): readonly Try[] => [
  { params: ({ deadLetter }) => ({ id: deadLetter }), body: () => body, ...hidden },
];
export const ofJob: readonly Try[] = [{ params: ({ job }) => ({ id: job }), ...hidden }];
export const consumerParams: Aim = { params: ({ consumer }) => ({ id: consumer }) };
export const ofConsumer = (body?: unknown): readonly Try[] => [
  { ...consumerParams, body: () => body, ...hiddenFromAdmins },
];
const workspaceParams: Aim = { params: ({ workspace }) => ({ id: workspace }) };
export const ofWorkspace = (body?: unknown): readonly Try[] => [
  { ...workspaceParams, body: () => body, ...hiddenFromAdmins },
];
export const switchOfWorkspace: readonly Try[] = [{ ...workspaceParams, ...refused }];
export const inWorkspace: Aim = { query: ({ workspace }) => ({ workspace_id: workspace }) };
const keyParams: Aim = { params: ({ apiKey }) => ({ id: apiKey }) };
// A request that names another workspace requires the scope `platform`, whether or not that workspace exists.
export const ofKey: readonly Try[] = [
  { ...keyParams, ...hiddenFromAdmins },
  { ...keyParams, ...inWorkspace, ...refused },
];
export const list: readonly Try[] = [blind];

export const many = (more: object): readonly Try[] => [
  { body: ({ subscription }) => ({ filter: { subscription_id: subscription }, ...more }), ...blind },
  { body: ({ consumer }) => ({ filter: { consumer_id: consumer }, ...more }), ...blind },
  { body: ({ event }) => ({ filter: { event_id: event }, dry_run: true, ...more }), ...blind },
];
export const manyDeadLetters = (more: object): readonly Try[] => [
  ...many(more),
  { body: () => ({ all: true, ...more }), ...blind },
];
/** Runs belong to the workspace: the key of a consumer sees none. */
export const manyRuns = (more: object): readonly Try[] => [
  { body: ({ event }) => ({ filter: { event_id: event }, ...more }), ...blindForAdmins },
  {
    body: ({ consumer }) => ({ filter: { consumer_id: consumer }, dry_run: true, ...more }),
    ...blindForAdmins,
  },
  { body: () => ({ all: true, ...more }), ...blindForAdmins },
];

// The log of the test is younger: every event of it is in the span.
// Whole buckets that stay the same: without a span, two answers differ when an hour begins between them.
const aDayMs = 86_400_000;
export const span = {
  from: new Date(Date.now() - aDayMs).toISOString(),
  to: new Date(Date.now() + aDayMs).toISOString(),
};

export const longAgo = (): string => new Date(Date.now() - 3_600_000).toISOString();

export const ofSource = (body?: unknown): readonly Try[] => [
  { params: ({ source }) => ({ id: source }), body: () => body, ...hiddenFromAdmins },
];
export const newSource = { provider: 'github', name: 'mine', secrets: ['a secret of their own'] };

export const ofRun = (body?: unknown): readonly Try[] => [
  { params: ({ run }) => ({ id: run }), body: () => body, ...hidden },
];

export const ofExport: readonly Try[] = [{ params: ({ export: one }) => ({ id: one }), ...hidden }];

export const anExport = (of: string, filter: object) => ({ of, format: 'ndjson', filter });

export const newSubscription = { endpoint_url: 'http://127.0.0.1:9/hook', events: ['*'], send_test: false };
