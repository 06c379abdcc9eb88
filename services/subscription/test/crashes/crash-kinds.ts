import { expect } from 'vitest';
import { documentsOf, expectKindsAgree } from './kinds-agreement.ts';
import { type CrashPoint, crashDuring, type Site, startReady } from './registry-process.ts';

/** The crash points of a write to a collection, in order. */
export const steps = (
  collection: string,
  command: 'insert' | 'update',
): Readonly<Record<string, CrashPoint>> => {
  const written = { collection, command, text: '"unpublished":true', signal: 'SIGKILL' } as const;
  const marked = { collection, command: 'update', text: '"unpublished":false', signal: 'SIGKILL' } as const;
  return {
    'before the write': { ...written, at: 'sent' },
    'between write and publish': { ...written, at: 'answered' },
    'between publish and mark': { ...marked, at: 'sent' },
    'between mark and answer': { ...marked, at: 'answered' },
  };
};

type Request = Readonly<{ method: 'POST' | 'PATCH' | 'DELETE'; below: string; body?: unknown }>;
type Made = Readonly<{ name: string; id: string }>;
type KindCase = Readonly<{
  collection: string;
  path: string;
  creation(name: string): unknown;
  /** The changes of a document by its name and id, in order; each creates a version. */
  changes: Readonly<Record<string, (made: Made) => Request>>;
}>;

/** The kinds of stored documents that have a topic, by name. */
export const kinds: Readonly<Record<string, KindCase>> = {
  'an event type': {
    collection: 'event_types',
    path: 'event-types',
    creation: (name) => ({ name: `made.${name}`, schema: { type: 'object' } }),
    changes: {
      change: ({ name }) => ({ method: 'PATCH', below: `/made.${name}`, body: { description: 'changed' } }),
      archiving: ({ name }) => ({ method: 'DELETE', below: `/made.${name}` }),
    },
  },
  'a consumer': {
    collection: 'consumers',
    path: 'consumers',
    creation: (name) => ({ id: name }),
    changes: {
      change: ({ name }) => ({ method: 'PATCH', below: `/${name}`, body: { name: 'changed' } }),
      disabling: ({ name }) => ({ method: 'POST', below: `/${name}/disable` }),
    },
  },
  'a source': {
    collection: 'sources',
    path: 'sources',
    creation: (name) => ({ provider: 'github', name, secrets: ['a secret of the crash test'] }),
    changes: {
      change: ({ id }) => ({ method: 'PATCH', below: `/${id}`, body: { name: 'changed' } }),
      disabling: ({ id }) => ({ method: 'POST', below: `/${id}/disable` }),
      deletion: ({ id }) => ({ method: 'DELETE', below: `/${id}` }),
    },
  },
  'a workspace': {
    collection: 'workspaces',
    path: 'workspaces',
    creation: (name) => ({ id: name }),
    changes: {
      change: ({ name }) => ({ method: 'PATCH', below: `/${name}`, body: { name: 'changed' } }),
      disabling: ({ name }) => ({ method: 'POST', below: `/${name}/disable` }),
    },
  },
  'an API key': {
    collection: 'api_keys',
    path: 'api-keys',
    creation: (name) => ({ name, scopes: ['subscriptions:read'] }),
    changes: { revocation: ({ id }) => ({ method: 'POST', below: `/${id}/revoke` }) },
  },
};

const agree = expectKindsAgree;

/** Kills a service at each step of each write of a kind, about a dozen times at two seconds each, and expects no loss. */
export async function expectKindSurvives(site: Site, kind: KindCase): Promise<void> {
  const { collection, path, creation, changes } = kind;
  const versions = async (): Promise<ReadonlyMap<string, number>> =>
    new Map((await documentsOf(site, collection)).map(({ _id, version }) => [_id, version]));
  // Names of one registry begin with its workspace, which distinguishes workspaces by it.
  const nameOf = (index: number): string => `${site.env['WORKSPACE_ID']}_${index}`;
  let running = await startReady(site);
  for (const [index, [moment, crashPoint]] of Object.entries(steps(collection, 'insert')).entries()) {
    const before = await versions();
    const { callAny } = running;
    const call = async () => callAny('POST', path, { body: creation(nameOf(index)) });
    running = await crashDuring(site, { running, crashPoint, call, agree });
    const made = [...(await versions())].filter(([id]) => !before.has(id));
    expect(made.map(([, version]) => version)).toEqual(moment === 'before the write' ? [] : [1]);
  }
  for (const [index, [moment, crashPoint]] of Object.entries(steps(collection, 'update')).entries()) {
    const before = await versions();
    const name = nameOf(100 + index);
    const { status, body } = await running.callAny('POST', path, { body: creation(name) });
    expect(status).toBe(201);
    let expected = 1;
    for (const [change, request] of Object.entries(changes)) {
      const { method, below, ...rest } = request({ name, id: String(body['id']) });
      const { callAny } = running;
      const call = async () => callAny(method, `${path}${below}`, rest);
      running = await crashDuring(site, { running, crashPoint, call, agree });
      if (moment !== 'before the write') expected += 1;
      const [made] = [...(await versions())].filter(([id]) => !before.has(id));
      expect([change, made?.[1]]).toEqual([change, expected]);
    }
  }
}
