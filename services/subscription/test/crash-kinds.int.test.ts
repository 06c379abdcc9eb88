import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { documentsOf, expectKindsAgree } from './kinds-agreement.ts';
import {
  aSite,
  type CrashPoint,
  crashDuring,
  openBrokers,
  type Site,
  startReady,
  startStruck,
} from './registry-process.ts';

// Each test starts the service many times, at about two seconds each.
vi.setConfig({ testTimeout: 600_000 });

let brokers: Awaited<ReturnType<typeof openBrokers>>;
beforeAll(async () => {
  brokers = await openBrokers();
});
afterAll(async () => {
  await brokers?.stop();
});
const newSite = (): Site => aSite(brokers.nodes.brokers);

const signal = 'SIGKILL';
const agree = expectKindsAgree;

/** The crash points of a write to a collection, in order. */
const steps = (collection: string, command: 'insert' | 'update'): Readonly<Record<string, CrashPoint>> => {
  const written = { collection, command, text: '"unpublished":true', signal } as const;
  const marked = { collection, command: 'update', text: '"unpublished":false', signal } as const;
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

const kinds: Readonly<Record<string, KindCase>> = {
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

describe('kill -9 of the service', () => {
  it.each(Object.entries(kinds))('at each step of the writes of %s loses nothing', async (_, kind) => {
    const { collection, path, creation, changes } = kind;
    const site = newSite();
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
  });

  it.each(Object.keys(steps('', 'insert')))(
    '%s, at its first start and first token, loses nothing',
    async (moment) => {
      const site = newSite();
      const crashAt = (collection: string): CrashPoint => {
        const crashPoint = steps(collection, 'insert')[moment];
        if (crashPoint === undefined) throw new Error(`no moment '${moment}'`);
        return crashPoint;
      };
      expect(await startStruck(site, crashAt('workspaces'))).toBe(signal);
      expect(await startStruck(site, crashAt('api_keys'))).toBe(signal);
      const running = await startReady(site);
      await expectKindsAgree(site);
      const body = { consumer_id: 'acme' };
      const crashPoint = crashAt('token_keys');
      const call = async () => running.callAny('POST', 'consumer-tokens', { body });
      const next = await crashDuring(site, { running, crashPoint, call, agree });
      expect((await next.callAny('POST', 'consumer-tokens', { body })).status).toBe(201);
      await expectKindsAgree(site);
      for (const collection of ['workspaces', 'api_keys', 'token_keys']) {
        expect(await documentsOf(site, collection)).toMatchObject([{ version: 1 }]);
      }
    },
  );
});
