import { setTimeout as wait } from 'node:timers/promises';
import { startHostileServer } from '@tidings/testing';
import { expect, onTestFinished, test } from 'vitest';
import { sendWithRepeat } from '../send-with-repeat.ts';
import { aRequest, briefly, openEgress, settled } from './egress-under-test.ts';

const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n';

test('a socket that is closed between acquire and write is no failure of the endpoint', async () => {
  let onEnded = () => {};
  const server = await startHostileServer({
    behave: (socket) => {
      socket.write(ok);
      // The callback after the FIN runs before the client has polled again, so the client finds the socket idle and
      // open.
      if (server.accepted() === 1) setImmediate(() => socket.end(() => setImmediate(() => onEnded())));
    },
    cleanUp: onTestFinished,
  });
  const egress = openEgress();
  const ended = new Promise<void>((resolve) => {
    onEnded = resolve;
  });
  let second: ReturnType<typeof egress.send> | undefined;
  let repeats = 0;
  const sent = ended.then(() => {
    second = sendWithRepeat(egress, aRequest(server.url), () => {
      repeats += 1;
    });
    return second;
  });
  expect(briefly(await egress.send(aRequest(server.url)))).toBe('response 200');
  expect(briefly(await sent)).toBe('response 200');
  expect(repeats).toBe(1);
  expect(server.accepted()).toBe(2);
});

test('the repeat uses no other idle socket, since the endpoint closes these as well', async () => {
  let requests = 0;
  const server = await startHostileServer({
    behave: (socket) => {
      requests += 1;
      // Four sockets are opened and kept; each of them then ends when it is used again.
      if (requests <= 4 || !used.has(socket)) socket.write(ok);
      else socket.destroy();
      used.add(socket);
    },
    cleanUp: onTestFinished,
  });
  const used = new Set<unknown>();
  const egress = openEgress({ maxSocketsPerOrigin: 4 });
  await Promise.all(Array.from({ length: 4 }, async () => egress.send(aRequest(server.url))));
  expect(egress.stats().idle).toBe(4);
  const outcome = await sendWithRepeat(egress, aRequest(server.url));
  expect(briefly(outcome)).toBe('response 200');
  expect(server.accepted()).toBe(5);
  await settled(egress);
  expect(egress.stats()).toMatchObject({ sockets: 4, origins: 1 });
});

test('a fresh socket replaces the only one that an origin may have', async () => {
  const server = await startHostileServer({ behave: (socket) => socket.write(ok), cleanUp: onTestFinished });
  const egress = openEgress({ maxSocketsPerOrigin: 1 });
  for (const freshSocket of [false, true, false, true]) {
    expect(briefly(await egress.send(aRequest(server.url, { freshSocket })))).toBe('response 200');
  }
  expect(server.accepted()).toBe(3);
  expect(egress.stats()).toEqual({ sockets: 1, idle: 1, waiting: 0, origins: 1 });
});

test('delivers four hundred requests to endpoints that close each connection soon after a response', async () => {
  const egress = openEgress();
  const sent: Promise<string>[] = [];
  const publish = async (url: string): Promise<void> => {
    for (let request = 0; request < 40; request += 1) {
      sent.push(sendWithRepeat(egress, aRequest(url)).then(briefly));
      // The race depends on the interval: about the time for which the endpoint keeps a connection.
      await wait(22 + (request % 23));
    }
  };
  const servers = await Promise.all(
    Array.from({ length: 10 }, async () =>
      startHostileServer({
        behave: (socket, { after }) => {
          socket.write(ok);
          after(30 + (sent.length % 6) * 5, () => socket.end());
        },
        cleanUp: onTestFinished,
      }),
    ),
  );
  await Promise.all(servers.map(async ({ url }) => publish(url)));
  expect((await Promise.all(sent)).filter((outcome) => outcome !== 'response 200')).toEqual([]);
}, 60_000);
