import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { root } from '../stack.ts';

/** A server of the console's files that answers as the API would, as fast as the browser reads. */
export type ConsoleStub = Readonly<{
  url: string;
  /** Sets what a stream that is opened from now on sends: how many messages, and how many a second at most. */
  stream: (options: Readonly<{ messages: number; perSecond: number }>) => void;
  /** The number of messages that the browser's connection has taken of the stream that was opened last. */
  sent: () => number;
  close: () => void;
}>;

const dist = join(root, 'services/console/web/dist');
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

const session = {
  identity: {
    ...{ key_id: 'key_bench', workspace_id: 'ws_bench', consumer_id: null, scopes: ['admin'] },
    ...{ granted_by: null, expires_at: null },
  },
  ...{ csrf: 'none', idle_seconds: 3_600, ends_at: new Date(Date.now() + 3_600_000).toISOString() },
};

const hex = (n: number): string => n.toString(16).padStart(32, '0');
const statuses = ['delivered', 'delivered', 'delivered', 'retrying', 'failed'] as const;

const delivery = (n: number) => ({
  id: `dlv_${hex(n)}`,
  event_id: `evt_${hex(n)}`,
  event_type: `order.${['paid', 'created', 'shipped'][n % 3]}`,
  subscription_id: `sub_${hex(n % 50)}`,
  ordering_key: null,
  consumer_id: `partner_${n % 50}`,
  status: statuses[n % statuses.length],
  status_reason: null,
  attempt_count: 1 + (n % 3),
  last_status_code: n % 5 < 3 ? 200 : 503,
  last_reason: n % 5 < 3 ? null : 'http_status',
  last_attempt_at: new Date(1_796_000_000_000 - n * 1_000).toISOString(),
  next_attempt_at: null,
  erased: false,
  created_at: new Date(1_796_000_000_000 - n * 1_000).toISOString(),
  updated_at: new Date(1_796_000_000_000 - n * 1_000).toISOString(),
});

const event = (n: number) => ({
  ...{ kind: 'event', event_id: `evt_${hex(n)}`, event_type: `order.${['paid', 'created'][n % 2]}` },
  ...{ consumer_id: n % 2 === 0 ? null : `partner_${n % 50}`, at: new Date().toISOString() },
  ...{ source: '/shop', time: new Date().toISOString(), ordering_key: null, caller_id: null },
  ...{ trace_id: hex(n), size_bytes: 420, erased: false, position: { partition: n % 12, offset: String(n) } },
});

/** Starts the server, with a list of so many deliveries. */
export async function startConsoleStub(rows: number): Promise<ConsoleStub> {
  let next = { messages: 0, perSecond: 1 };
  let sent = 0;
  const listPage = (query: URLSearchParams) => {
    const from = Number(query.get('cursor') ?? 0);
    const to = Math.min(rows, from + Number(query.get('limit') ?? 30));
    const data = Array.from({ length: to - from }, (_, at) => delivery(from + at));
    return { data, next_cursor: to < rows ? String(to) : null };
  };
  const streamTo = async (response: ServerResponse): Promise<void> => {
    const { messages, perSecond } = next;
    sent = 0;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.write(`data: ${JSON.stringify({ kind: 'ready', resumed: false })}\n\n`);
    const beganMs = performance.now();
    while (sent < messages && !response.destroyed) {
      const due = Math.min(messages, ((performance.now() - beganMs) / 1_000) * perSecond);
      const upTo = Math.min(due, sent + 200);
      let text = '';
      for (; sent < upTo; sent += 1) text += `id: ${sent}\ndata: ${JSON.stringify(event(sent))}\n\n`;
      if (text === '') await new Promise((resolve) => setTimeout(resolve, 5));
      else if (!response.write(text)) await drained(response);
      else await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://stub');
    if (pathname.startsWith('/session/')) return sendJson(response, session);
    if (pathname === '/v1/webhooks/deliveries') return sendJson(response, listPage(searchParams));
    if (pathname === '/v1/webhooks/stream') return void streamTo(response);
    if (pathname.startsWith('/v1/'))
      return sendJson(response, { status: 404, code: 'not-found', detail: '–' }, 404);
    return void sendFile(request, response, pathname);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stream: (options) => {
      next = options;
    },
    sent: () => sent,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const drained = async (response: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const go = (): void => {
      response.off('drain', go).off('close', go);
      resolve();
    };
    response.on('drain', go).on('close', go);
  });

function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

async function sendFile(_request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
  const name = path.startsWith('/assets/') ? path : '/index.html';
  const body = await readFile(join(dist, `${name}.br`)).catch(() => null);
  if (body === null) return void response.writeHead(404).end();
  const headers = {
    'content-type': types[extname(name)] ?? 'application/octet-stream',
    'content-encoding': 'br',
  };
  response.writeHead(200, headers).end(body);
}
