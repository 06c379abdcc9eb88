import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { reset } from './reset-socket.ts';

const openSockets = (): number =>
  process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;

/** Both sides of a connection. */
const connected = async (): Promise<readonly [Socket, Socket]> => {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const near = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  const [far] = (await once(server, 'connection')) as [Socket];
  return [near, far];
};

it.each([
  ['that is open', () => {}],
  ['while its end is being sent', (socket: Socket) => void socket.end()],
  ['while bytes and its end wait', (socket: Socket) => void socket.end(Buffer.alloc(20_000_000))],
])('resets a connection %s, and keeps no socket', async (_, prepare) => {
  const before = openSockets();
  const [near, far] = await connected();
  far.on('error', () => {});
  far.resume();
  near.on('error', () => {});
  near.resume();
  prepare(near);
  reset(near);
  far.destroy();
  await expect.poll(openSockets).toBeLessThanOrEqual(before);
});
