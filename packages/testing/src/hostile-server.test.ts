import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { eventually } from './eventually.ts';
import { startHostileServer } from './hostile-server.ts';
import { answering } from './misbehaviours.ts';

const post = 'POST / HTTP/1.1\r\ncontent-length: 2\r\n\r\n';

/** Sends the parts and collects the response. */
function talk(port: number, parts: readonly string[]): { heard: () => string; isClosed: () => boolean } {
  let heard = '';
  const socket = connect(port, '127.0.0.1');
  socket.on('data', (chunk: Buffer) => {
    heard += chunk.toString('latin1');
  });
  // These servers may reset the connection.
  socket.on('error', () => socket.destroy());
  for (const part of parts) socket.write(part);
  onTestFinished(() => void socket.destroy());
  return { heard: () => heard, isClosed: () => socket.destroyed };
}

test('misbehaves after each completely read request, and not before', async () => {
  const server = await startHostileServer({
    behave: answering(302, { location: '/x' }),
    cleanUp: onTestFinished,
  });
  const unfinished = talk(server.port, [post, 'x']);
  const two = talk(server.port, [post, 'x', `y${post}ab`]);
  await eventually(() => expect(server.requests()).toBe(2));
  await eventually(() => expect(two.heard().match(/HTTP\/1.1 302/g)).toHaveLength(2));
  expect(two.heard()).toContain('location: /x');
  expect(unfinished.heard()).toBe('');
  expect([server.open(), server.accepted()]).toEqual([2, 2]);
});

test('closing ends floods and drips with their sockets', async () => {
  for (const behave of ['endless-body', 'slow-headers', 'blackhole'] as const) {
    const server = await startHostileServer({ behave });
    const client = talk(server.port, [post, 'ab']);
    await eventually(() => expect(server.requests()).toBe(1));
    await server.close();
    expect(server.open()).toBe(0);
    await eventually(() => expect(client.isClosed()).toBe(true));
  }
});
