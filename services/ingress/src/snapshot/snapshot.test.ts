import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AccessRecord, encodeAccess, topics, workspaceId } from '@tidings/contracts';
import type { Bus, Table, TableOptions } from '@tidings/kafka';
import { createMemoryBus, type MemoryBus } from '@tidings/kafka/testing';
import { silentLogger } from '@tidings/observability';
import { keyRing, systemClock } from '@tidings/runtime';
import { eventually, publishTestKey } from '@tidings/testing';
import { describe, expect, it } from 'vitest';
import { sealingKeys, startMemoryIngress } from '../../test/memory-ingress.ts';
import { aFolder, deliver, spooling, writeSource } from '../../test/spooled-sources.ts';
import { diskFiles } from '../spool/adapters/disk-files.ts';
import { KeptTable } from './kept-table.ts';
import { SnapshotFile } from './snapshot-file.ts';

const never = new Promise<never>(() => {});

/** A bus of which no broker answers. */
function awayBus(): MemoryBus {
  const bus = createMemoryBus();
  bus.setReachable(false);
  const table = async <V>(): Promise<Table<V>> => ({
    ...{ get: () => undefined, values: () => new Map<string, V>().values(), size: () => 0 },
    ...{ ready: async () => never, isStale: () => true, close: async () => {} },
  });
  const readRange = async (): Promise<void> => Promise.reject(new Error('no broker answers'));
  return { ...bus, table, readRange };
}

/** Returns a text with another character in its middle. */
const changed = (text: string): string =>
  `${text.slice(0, 300)}${text[300] === 'A' ? 'B' : 'A'}${text.slice(301)}`;

const sealedIn = (folder: string): string => join(folder, 'tables.sealed');

/** Runs ingress once with brokers, until it has kept its tables, and stops it. */
async function runOnce(folder: string): Promise<void> {
  const bus = createMemoryBus();
  await writeSource(bus, 'github');
  await publishTestKey(await bus.producer(), { key: spooling, workspaceId: 'ws_demo', spool: true });
  const { url, stop } = await startMemoryIngress({ INGRESS_SPOOL_DIR: folder }, bus);
  expect(await deliver(url, 'github', 'd-0')).toBe(200);
  await stop();
}

/** Starts ingress while no broker answers. */
const restart = async (folder: string) =>
  startMemoryIngress({ INGRESS_SPOOL_DIR: folder }, awayBus(), { isAway: true });

describe('a restart while the brokers are away', () => {
  it('takes the webhooks and events that may be spooled, is ready, and refuses nothing that it cannot know', async () => {
    const folder = await aFolder();
    await runOnce(folder);
    const { url, post } = await restart(folder);
    await eventually(async () => expect((await fetch(`${url}/ready`)).status).toBe(200));
    expect(await deliver(url, 'github', 'd-1')).toBe(202);
    const keyed = { authorization: `Bearer ${spooling}` };
    expect((await post('/v1/events', '{"type":"a","data":1}', keyed)).status).toBe(202);
    expect((await post('/v1/events', '{"type":"a","data":1}')).status).toBe(503);
    // They may have been created since.
    expect(await deliver(url, 'stripe', 'd-1')).toBe(503);
    const unknown = { authorization: 'Bearer of-nobody-that-is-known' };
    expect((await post('/v1/events', '{"type":"a","data":1}', unknown)).status).toBe(503);
  });

  it('keeps nothing readable in its file, for this user alone', async () => {
    const folder = await aFolder();
    await runOnce(folder);
    expect((await readFile(sealedIn(folder))).toString()).toMatch(/^v1\.test\.[\w.-]+$/);
    expect((await stat(sealedIn(folder))).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['damaged', async (file: string) => writeFile(file, changed((await readFile(file)).toString()))],
    ['cut', async (file: string) => writeFile(file, (await readFile(file)).subarray(0, 200))],
    ['empty', async (file: string) => writeFile(file, '')],
    [
      'more than a day old',
      async (file: string) => {
        const files = diskFiles(join(file, '..'));
        const shared = {
          ring: keyRing(sealingKeys),
          maxAgeMs: Infinity,
          clock: systemClock,
          logger: silentLogger,
        };
        const own = new SnapshotFile({ files, ...shared });
        const snapshot = await own.read();
        await own.write({ topics: {}, ...snapshot, writtenAtMs: Date.now() - 86_401_000 });
      },
    ],
  ])('responds 503, as without one, if it is %s', async (_how, change) => {
    const folder = await aFolder();
    await runOnce(folder);
    await change(sealedIn(folder));
    const { url } = await restart(folder);
    expect(await deliver(url, 'github', 'd-1')).toBe(503);
    expect((await fetch(`${url}/ready`)).status).toBe(503);
  });
});

describe('a table that begins with a snapshot', () => {
  const aWorkspace = (id: string, version: number): AccessRecord => ({
    ...{ type: 'WorkspaceChanged.v1', id: workspaceId(id), version, state: 'active', name: `v${version}` },
    ...{
      eventTypePolicy: 'open',
      allowHttp: true,
      maxSubscriptions: 1,
      disableAfterFailures: 1,
      notice: null,
    },
  });

  it('goes on with the topic, never back, and forgets what the topic no longer has', async () => {
    const seen: string[] = [];
    let options: TableOptions<number> | undefined;
    let setReady = (): void => {};
    const ready = new Promise<void>((resolve) => {
      setReady = resolve;
    });
    const bus = {
      table: async (given: TableOptions<number>) => {
        options = given;
        return { ...(await awayBus().table(given)), ready: async () => ready };
      },
    } as unknown as Pick<Bus, 'table'>;
    const recordOf = (id: string, version: number) => {
      const { key, headers, value } = encodeAccess(aWorkspace(id, version));
      return { key, headers, timestampMs: 1, value: (value ?? Buffer.alloc(0)).toString('base64') };
    };
    const kept = new KeptTable<number>({
      bus,
      table: {
        topic: topics.access,
        service: 'ingress',
        decode: ({ key, value }) => {
          const { version } = JSON.parse(String(value)) as { version: number };
          return { key: key ?? '', version, value: version };
        },
        onChange: (key, value) => seen.push(`${key} ${value ?? 'gone'}`),
      },
      restored: { records: [recordOf('a', 3), recordOf('b', 1)], writtenAtMs: Date.now() },
      ...{ maxAgeMs: 1_000, clock: systemClock, logger: silentLogger },
    });
    await (await kept.open()).ready();
    for (const version of [1, 2, 3, 4]) {
      const { key, headers, value } = encodeAccess(aWorkspace('a', version));
      const wire = { topic: 'x', partition: 0, offset: 0n, timestampMs: 1, headers, key, value };
      const change = options?.decode(wire);
      if (change !== undefined) options?.onChange?.(change.key, change.value);
    }
    expect(kept.isComplete).toBe(false);
    setReady();
    await eventually(() => expect(kept.isComplete).toBe(true));
    expect(seen).toEqual([
      'workspace/a 3',
      'workspace/b 1',
      'workspace/a 3',
      'workspace/a 4',
      'workspace/b gone',
    ]);
    expect(kept.records()).toEqual([recordOf('a', 4)]);
  });
});
