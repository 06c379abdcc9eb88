import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { getWithin } from './get-within.ts';
import { S3Storage } from './s3-storage.ts';

// A server that accepts connections, and says nothing or not all of an answer.
let said = '';
let server: Server;
let storage: S3Storage;
const sockets = new Set<Socket>();

beforeEach(async () => {
  said = '';
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', () => socket.write(said));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  storage = new S3Storage({
    bucket: 'payloads',
    region: 'us-east-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    keys: { accessKeyId: 'id', secretAccessKey: 'secret' },
    isPathStyle: true,
    limits: { requestMs: 200, operationMs: 500, idleMs: 100 },
  });
});
afterEach(async () => {
  await storage.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const failure = { code: 'unavailable', retryable: true };
const begun = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n0123456789';

const bodyOf = (found: Readonly<{ body: Readable }> | null): Readable => found?.body ?? Readable.from([]);

const readAll = async function* () {
  for await (const object of storage.list('payloads/')) yield object;
};

it.each([
  ['get', async () => storage.get('a')],
  ['head', async () => storage.head('a')],
  ['touch', async () => storage.touch('a')],
  ['delete', async () => storage.delete('a')],
  ['list', async () => readAll().next()],
  ['startUpload', async () => storage.startUpload('a')],
  ['putPart', async () => storage.putPart({ key: 'a', id: 'x' }, 1, Buffer.alloc(1_000_000))],
])('%s ends if the server says nothing', async (_name, call) => {
  await expect(call()).rejects.toMatchObject(failure);
});

it('a list ends if the server stops within it', async () => {
  said = begun;
  await expect(readAll().next()).rejects.toMatchObject(failure);
});

it('the body of an object ends if the server stops within it', async () => {
  said = begun;
  const found = await storage.get('a');
  await expect(buffer(bodyOf(found))).rejects.toMatchObject(failure);
});

it('a load ends at its deadline, though the body goes on', async () => {
  said = begun;
  const found = await getWithin(storage, 'a', 400);
  const trickle = setInterval(() => {
    for (const socket of sockets) socket.write('x');
  }, 20);
  try {
    await expect(buffer(bodyOf(found))).rejects.toMatchObject(failure);
  } finally {
    clearInterval(trickle);
  }
});

it('a load ends at its deadline, though the storage has no limit of its own', async () => {
  const get = async () => new Promise<never>(() => {});
  await expect(getWithin({ get }, 'a', 20)).rejects.toMatchObject(failure);
});

it('a body that its reader pauses is not idle, and keeps every byte', async () => {
  const content = Buffer.alloc(2_000_000, 'x');
  said = `HTTP/1.1 200 OK\r\ncontent-length: ${content.length}\r\n\r\n${content.toString()}`;
  const found = await storage.get('a');
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect((await buffer(bodyOf(found))).equals(content)).toBe(true);
});
