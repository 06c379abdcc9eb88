import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { largeDataKey, workspaceId } from '@tidings/contracts';
import { expect, it } from 'vitest';
import { anAcceptedEvent } from '../../../test/builders.ts';
import { storedEventOf } from '../domain/event.ts';
import { eventDataRoute } from './event-data-route.ts';

const data = Buffer.from('{"n":1}');
const sha256 = 'a'.repeat(64);
const accepted = { ...anAcceptedEvent(workspaceId('acme')), large: { bytes: data.length, sha256 } };
const event = storedEventOf(accepted, { position: { partition: 0, offset: 1 }, acceptedAtMs: 1 });
const key = largeDataKey({ workspaceId: event.workspaceId, eventId: event.id, sha256 });

const given = ({ isInLog }: Readonly<{ isInLog: boolean }>) => {
  const opened: Readable[] = [];
  const object = { key, bytes: data.length, modifiedAtMs: 0 };
  const storage = {
    get: async (one: string) => {
      if (one !== key) return null;
      const body = Readable.from([data]);
      opened.push(body);
      return { object, body };
    },
    head: async (one: string) => (one === key ? object : null),
  };
  const log = { read: async () => (isInLog ? accepted : null) };
  const route = eventDataRoute({ store: { find: async () => event }, log, storage });
  const ask = async (method: string) => {
    const heads: unknown[] = [];
    const response = Object.assign(new PassThrough(), {
      writeHead: (...head: unknown[]) => void heads.push(head),
    });
    const context = {
      params: { id: event.id },
      principal: { workspaceId: 'acme', consumerId: null },
      request: { method },
      response,
    };
    await route.handle(context as unknown as Parameters<typeof route.handle>[0]);
    return { heads, body: await buffer(response) };
  };
  return { opened, ask };
};

it('sends data that are in the object storage although the log has lost their event', async () => {
  const { ask } = given({ isInLog: false });
  expect((await ask('GET')).body.equals(data)).toBe(true);
});

it('answers HEAD without opening the data', async () => {
  const { ask, opened } = given({ isInLog: true });
  const { heads, body } = await ask('HEAD');
  expect(heads).toMatchObject([[200, { 'content-length': data.length }]]);
  expect(body).toHaveLength(0);
  expect(opened).toEqual([]);
});
