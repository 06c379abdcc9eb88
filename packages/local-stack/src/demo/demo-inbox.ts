import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

import { verify } from '@tidings/signing';

import { inboxPage } from './inbox-page.ts';

const maxBodyBytes = 1024 * 1024;
const maxEntries = 50;
const path = '/webhooks';
/** A receiver after a failed deployment: it answers 503 to everything. */
const brokenPath = '/webhooks/broken';

/** One webhook as the page lists it. `verification` is `verified` or the reason why the signature is invalid. */
export type InboxEntry = Readonly<{
  receivedAt: string;
  webhookId: string;
  eventType: string;
  verification: string;
  /** The status of the response. */
  status: number;
  /** The time from the event's acceptance to its arrival; null if the body carries no time. */
  ageMs: number | null;
  body: string;
}>;

/** The receiver of the demo subscription. */
export type DemoInbox = Readonly<{
  url: string;
  endpointUrl: string;
  /** A URL of the same inbox that fails on purpose, to try out what happens then. */
  brokenUrl: string;
  /** Sets the secret that later signatures are verified with. */
  trust: (secret: string) => void;
  close: () => Promise<void>;
}>;

/**
 * Starts an endpoint as a partner would write it: it verifies the signature over the raw body first, responds 204 or
 * 401, and lists the last 50 webhooks on a page. At `brokenUrl` it responds 503 whatever arrives. `print` receives one line per webhook.
 */
export async function startDemoInbox(options: {
  host: string;
  port: number;
  print: (line: string) => void;
  /** The command that the empty page displays. */
  curl: string;
}): Promise<DemoInbox> {
  const { host, port, print, curl } = options;
  const entries: InboxEntry[] = [];
  let secret: string | null = null;
  const server = createServer((request, response) => {
    const asked = new URL(request.url ?? '/', 'http://inbox').pathname;
    if (request.method === 'GET' && asked === '/')
      return answer(response, 200, { type: 'text/html', body: inboxPage(curl) });
    if (request.method === 'GET' && asked === '/webhooks.json') {
      return answer(response, 200, { type: 'application/json', body: JSON.stringify({ data: entries }) });
    }
    const isBroken = asked === brokenPath;
    if (request.method !== 'POST' || (asked !== path && !isBroken)) return answer(response, 404);
    readBody(request, (body) => {
      if (body === null) return answer(response, 413);
      const received = toEntry(request, body, secret);
      const status = isBroken ? 503 : received.verification === 'verified' ? 204 : 401;
      const entry = { ...received, status };
      entries.unshift(entry);
      entries.length = Math.min(entries.length, maxEntries);
      print(entryLine(entry));
      return answer(response, status, isBroken ? brokenAnswer : undefined);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const url = `http://${host}:${port}`;
  return {
    url,
    endpointUrl: url + path,
    brokenUrl: url + brokenPath,
    trust: (next) => {
      secret = next;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function readBody(request: IncomingMessage, done: (body: Buffer | null) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= maxBodyBytes) chunks.push(chunk);
  });
  request.on('end', () => done(bytes <= maxBodyBytes ? Buffer.concat(chunks) : null));
}

function toEntry(request: IncomingMessage, body: Buffer, secret: string | null): Omit<InboxEntry, 'status'> {
  const outcome = secret === null ? null : verify({ headers: request.headers, body, secrets: [secret] });
  const { type, timestamp } = readEnvelope(body);
  const acceptedMs = Date.parse(timestamp);
  const now = new Date();
  return {
    receivedAt: now.toISOString(),
    webhookId: String(request.headers['webhook-id'] ?? ''),
    eventType: type,
    verification: outcome === null ? 'not checked: no secret' : outcome.ok ? 'verified' : outcome.reason,
    ageMs: Number.isNaN(acceptedMs) ? null : now.getTime() - acceptedMs,
    body: body.toString('utf8'),
  };
}

/** Parses the body. An unverified body may come from any sender: every field is checked, none is trusted. */
function readEnvelope(body: Buffer): { type: string; timestamp: string } {
  try {
    const { type, timestamp } = Object(JSON.parse(body.toString('utf8'))) as Record<string, unknown>;
    return {
      type: typeof type === 'string' ? type : '?',
      timestamp: typeof timestamp === 'string' ? timestamp : '',
    };
  } catch {
    // Not JSON: the page shows the body unchanged.
    return { type: '?', timestamp: '' };
  }
}

function entryLine({ eventType, webhookId, verification, status, ageMs }: InboxEntry): string {
  // A terminal interprets control characters, and any client can post here.
  const plain = (text: string): string => text.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 100);
  const age = ageMs === null ? '' : `, ${ageMs} ms after acceptance`;
  return `webhook ${plain(eventType)} (${plain(webhookId)}): signature ${verification}${age}${status === 503 ? ', answered 503 on purpose' : ''}`;
}

type Content = Readonly<{ type: string; body: string }>;

const brokenAnswer: Content = { type: 'text/plain', body: 'The demo inbox is broken on purpose.\n' };

function answer(
  response: ServerResponse,
  status: number,
  content: Content = { type: 'text/plain', body: '' },
): void {
  response.writeHead(status, {
    'content-type': `${content.type}; charset=utf-8`,
    'cache-control': 'no-store',
    'content-security-policy':
      "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'",
    'x-content-type-options': 'nosniff',
  });
  response.end(content.body);
}
