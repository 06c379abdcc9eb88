import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EventId, largeDataKey, workspaceId } from '@tidings/contracts';
import { openStorage, storageSettings } from '@tidings/object-storage';
import { loadConfig } from '@tidings/runtime';
import { expect, it } from 'vitest';
import { aFolder } from './spooled-sources.ts';

const program = fileURLToPath(new URL('../dist/test/upload-until-killed.js', import.meta.url));

type Ended = Readonly<{ signal: NodeJS.Signals | null; id: string }>;

/** Runs a process that accepts one large event, and kills itself at a step. */
const accept = async (folder: string, killAt: string): Promise<Ended> =>
  new Promise((resolve, reject) => {
    execFile(process.execPath, [program, folder, killAt], (error, stdout, stderr) => {
      if (error !== null && error.signal !== 'SIGKILL') reject(new Error(stderr, { cause: error }));
      else resolve({ signal: error?.signal ?? null, id: stdout });
    });
  });

/** Returns what the log and the storage of a folder have. */
async function stateOf(folder: string) {
  const objects = join(folder, 'objects');
  const storage = openStorage(loadConfig(storageSettings, { OBJECT_STORAGE_FOLDER: objects }));
  const log = await readFile(join(folder, 'log'), 'utf8').catch(() => '');
  const records = log.split('\n').slice(0, -1);
  const keys: string[] = [];
  for await (const { key, bytes } of storage.list('payloads/')) keys.push(`${key} ${bytes}`);
  const unfinished = async () => readdir(join(objects, 'unfinished')).catch(() => []);
  const wanted = records.map((record) => {
    const [eventId = '', sha256 = '', bytes] = record.split(' ');
    const key = largeDataKey({ workspaceId: workspaceId('ws_kill'), eventId: eventId as EventId, sha256 });
    return `${key} ${bytes}`;
  });
  return { storage, records, keys, wanted, unfinished };
}

it.each([
  { step: 'uploading', records: 0, objects: 0, staged: 1 },
  { step: 'uploaded', records: 0, objects: 1, staged: 0 },
  { step: 'published', records: 1, objects: 1, staged: 0 },
])(
  'ingress that is killed with SIGKILL when a large event is $step: no record lacks its data, and a repeat is the same event',
  async ({ step, records, objects, staged }) => {
    const folder = await aFolder();
    expect(await accept(folder, step)).toEqual({ signal: 'SIGKILL', id: '' });
    const left = await stateOf(folder);
    expect([left.records.length, left.keys.length]).toEqual([records, objects]);
    expect(left.keys).toEqual(expect.arrayContaining(left.wanted));
    expect(await left.unfinished()).toHaveLength(staged);
    // What history does with those older than a day.
    await left.storage.removeStaged(Date.now() + 1_000);
    expect(await left.unfinished()).toEqual([]);

    const { signal, id } = await accept(folder, 'never');
    expect(signal).toBeNull();
    const after = await stateOf(folder);
    expect(new Set(after.records.map((record) => record.split(' ')[0]))).toEqual(new Set([id]));
    expect(after.keys).toHaveLength(1);
    expect(new Set(after.wanted)).toEqual(new Set(after.keys));
    expect(await after.unfinished()).toEqual([]);
  },
);
