import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { TcpProxy } from './tcp-proxy.ts';

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** An echo server behind a proxy, and a client of it. */
const setUp = async (): Promise<Readonly<{ proxy: TcpProxy; client: Socket; port: number }>> => {
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as { port: number };
  const proxy = new TcpProxy({ host: '127.0.0.1', port: address.port });
  const port = await proxy.listen(0);
  const client = connect({ host: '127.0.0.1', port });
  closing.push(() => {
    client.destroy();
    proxy.close();
    server.close();
  });
  return { proxy, client, port };
};

const reply = async (client: Socket): Promise<string> => String((await once(client, 'data'))[0]);

describe('a proxy', () => {
  it('passes bytes on in both directions', async () => {
    const { client } = await setUp();
    client.write('one');
    expect(await reply(client)).toBe('one');
  });

  it('delays each direction', async () => {
    const { proxy, client } = await setUp();
    proxy.delay(60);
    const startedAt = performance.now();
    client.write('later');
    expect(await reply(client)).toBe('later');
    // Timers of Node may end up to a millisecond early.
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(118);
  });

  it('passes nothing while it is partitioned, also for new connections, and everything in order afterwards', async () => {
    const { proxy, client, port } = await setUp();
    client.write('first ');
    expect(await reply(client)).toBe('first ');
    proxy.partition();
    const late = connect({ host: '127.0.0.1', port });
    closing.push(() => late.destroy());
    let received = 0;
    for (const socket of [client, late]) socket.on('data', () => (received += 1));
    client.write('second ');
    late.write('third');
    await once(late, 'connect');
    // A whole turn of a connection that is open shows that bytes would have passed.
    const other = await setUp();
    other.client.write('x');
    await reply(other.client);
    expect(received).toBe(0);
    const replies = Promise.all([reply(client), reply(late)]);
    proxy.heal();
    expect(await replies).toEqual(['second ', 'third']);
  });

  it('resets connections, and passes new ones on', async () => {
    const { proxy, client, port } = await setUp();
    client.write('one');
    await reply(client);
    const failed = once(client, 'error');
    proxy.reset();
    expect(String((await failed)[0])).toContain('ECONNRESET');
    const next = connect({ host: '127.0.0.1', port });
    closing.push(() => next.destroy());
    next.write('two');
    expect(await reply(next)).toBe('two');
  });
});
