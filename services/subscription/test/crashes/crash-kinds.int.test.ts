import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectKindSurvives, kinds, steps } from './crash-kinds.ts';
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

// All kinds are written by one mechanism: `npm run test:ops` takes each, and this one of them, another at each run. Its
// name is the name of the test; CRASH_KIND chooses it.
const names = Object.keys(kinds);
const chosen = process.env['CRASH_KIND'] ?? names[randomInt(names.length)] ?? '';

describe('kill -9 of the service', () => {
  it(`at each step of the writes of ${chosen} loses nothing`, async () => {
    const kind = kinds[chosen];
    if (kind === undefined)
      throw new Error(`CRASH_KIND is '${chosen}', and must be one of: ${names.join(', ')}`);
    await expectKindSurvives(newSite(), kind);
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
