import { once } from 'node:events';
import { Agent, get as httpGet, type IncomingMessage, type RequestListener } from 'node:http';
import { connect, type Socket } from 'node:net';
import { silentLogger } from '@tidings/observability';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Listening, type ListenOptions, listen } from '../index.ts';

async function aServer(app: RequestListener, options: Partial<ListenOptions> = {}): Promise<Listening> {
  const server = await listen(app, {
    host: '127.0.0.1',
    port: 0,
    logger: silentLogger,
    checkIntervalMs: 20,
    ...options,
  });
  onTestFinished(async () => server.close(0));
  return server;
}

function aSocket(port: number): { socket: Socket; closed: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => {
    answer += chunk;
  });
  const closed = new Promise<string>((resolve, reject) => {
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
  return { socket, closed };
}

async function respond(port: number, request: string): Promise<string> {
  const { socket, closed } = aSocket(port);
  socket.write(request);
  return closed;
}

const ok: RequestListener = (_request, response) => void response.end('ok');

describe('a request that the server refuses before the app', () => {
  it('gets the problem with Retry-After and an id, its body is discarded, and the next one of the connection is served', async () => {
    const seen: string[] = [];
    const { port } = await aServer(
      (request, response) => {
        seen.push(request.url ?? '');
        response.end('ok');
      },
      {
        refuse: ({ url }) =>
          url === '/v1/full'
            ? { status: 503, code: 'unavailable', detail: 'It is full.', retryAfterMs: 1_500 }
            : undefined,
      },
    );
    const first =
      'POST /v1/full HTTP/1.1\r\nhost: here\r\norigin: http://there\r\ncontent-length: 3\r\n\r\nabc';
    const second = 'GET /other HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n';
    const answer = await respond(port, first + second);
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
    expect(answer).toMatch(/retry-after: 2\r\n/);
    expect(answer).toMatch(/access-control-allow-origin: \*\r\n/);
    expect(answer).toMatch(/x-request-id: [0-9a-f]{32}\r\n/);
    expect(answer).toContain('"detail":"It is full."');
    expect(answer).toMatch(/HTTP\/1\.1 200 OK[\s\S]*ok/);
    expect(seen).toEqual(['/other']);
  });

  // Else the sockets of thousands of refused senders are read again and again, before the event loop does anything else.
  it('is answered in a later turn of the event loop, and at once if its body is too large to lie in memory', async () => {
    const writtenAtOnce: boolean[] = [];
    const { port } = await aServer(ok, {
      refuse: ({ socket }) => {
        const before = socket.bytesWritten;
        queueMicrotask(() => writtenAtOnce.push(socket.bytesWritten > before));
        return { status: 503, code: 'unavailable', detail: 'It is full.', retryAfterMs: 1_500 };
      },
    });
    for (const bytes of [16_384, 16_385]) {
      const body = `content-length: ${bytes}\r\nconnection: close\r\n\r\n${'x'.repeat(bytes)}`;
      expect(await respond(port, `POST / HTTP/1.1\r\nhost: here\r\n${body}`)).toMatch(/^HTTP\/1\.1 503 /);
    }
    expect(writtenAtOnce).toEqual([false, true]);
  });
});

describe('listen', () => {
  it('returns its URL', async () => {
    const server = await aServer(ok);
    expect(server.url).toBe(`http://127.0.0.1:${server.port}`);
    expect(await (await fetch(server.url)).text()).toBe('ok');
  });

  it('names the port that is in use', async () => {
    const { port } = await aServer(ok);
    await expect(listen(ok, { host: '127.0.0.1', port, logger: silentLogger })).rejects.toMatchObject({
      code: 'unavailable',
      message: `port ${port} on 127.0.0.1 is taken: stop what listens there or choose another port (0 takes any free one)`,
    });
  });

  it('responds 431 to headers over 16 KiB', async () => {
    const { port } = await aServer(ok);
    const answer = await respond(port, `GET / HTTP/1.1\r\nhost: x\r\nx: ${'a'.repeat(17_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 /);
    expect(answer).toContain('All headers together may have at most 16384 bytes.');
    const { url } = await aServer(ok);
    expect((await fetch(url, { headers: { x: 'a'.repeat(15_000) } })).status).toBe(200);
  });

  it('responds 408 to a head that does not end', async () => {
    const { port } = await aServer(ok, { headersTimeoutMs: 100, requestTimeoutMs: 100 });
    expect(await respond(port, 'GET / HTTP/1.1\r\nhost: x\r\nx-slow: ')).toMatch(/^HTTP\/1\.1 408 /);
  });

  it.each([
    'NONSENSE\r\n\r\n',
    'GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
  ])('responds 400 to %j', async (request) => {
    const { port } = await aServer(ok);
    expect(await respond(port, request)).toMatch(/^HTTP\/1\.1 400 .*application\/problem\+json/s);
  });

  it('does not write a second response into one that has begun', async () => {
    const { port } = await aServer((_request, response) => {
      response.write('begun');
    });
    const { socket, closed } = aSocket(port);
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
    await vi.waitFor(() => expect(socket.bytesRead).toBeGreaterThan(0));
    socket.write('not a chunk\r\n');
    const answer = await closed;
    expect(answer).toContain('begun');
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });
});

describe('closing', () => {
  it('lets an open request finish with `connection: close`, and accepts no more', async () => {
    let finish: (() => void) | undefined;
    const server = await aServer((_request, response) => {
      finish = () => response.end('done');
    });
    const agent = new Agent({ keepAlive: true });
    onTestFinished(() => agent.destroy());
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      httpGet(server.url, { agent }, resolve).on('error', reject);
    });
    const idle = aSocket(server.port);
    await once(idle.socket, 'connect');
    await vi.waitFor(() => expect(finish).toBeDefined());
    const closing = server.close(5000);
    await idle.closed;
    await expect(fetch(server.url)).rejects.toThrow();
    finish?.();
    const response = await answered;
    response.resume();
    expect(response.statusCode).toBe(200);
    expect(response.headers.connection).toBe('close');
    await closing;
  });

  it('destroys open connections at the deadline', async () => {
    const app = vi.fn();
    const server = await aServer(app);
    const { socket, closed } = aSocket(server.port);
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await vi.waitFor(() => expect(app).toHaveBeenCalled());
    await server.close(50);
    expect(await closed).toBe('');
  });
});

describe('a server that closes after a delay', () => {
  it('accepts requests until then, each with the close of its connection, and refuses connections afterwards', async () => {
    const server = await aServer(ok, { drainDelayMs: 1_000 });
    const closing = server.close(5_000);
    const answer = await respond(server.port, 'GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer).toMatch(/connection: close/i);
    await closing;
    await expect(fetch(server.url)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });

  it('responds to a request that had arrived when it closes idle connections', async () => {
    const server = await aServer(ok);
    const { socket, closed } = aSocket(server.port);
    await once(socket, 'connect');
    // It is in the socket of the server, which is busy until after the time at which it closes idle connections.
    const closing = server.close(5_000);
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    await new Promise((resolve) => setImmediate(resolve));
    const untilMs = performance.now() + 300;
    while (performance.now() < untilMs);
    expect(await closed).toMatch(/^HTTP\/1\.1 200 /);
    await closing;
  });
});
