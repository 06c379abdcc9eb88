import type { IncomingMessage, ServerResponse } from 'node:http';
import { originalUrlOf } from './request-state.ts';

/**
 * A response: `body` is serialised as JSON; without it the response has no body. `raw`: further members of the body that
 * are JSON text already, so that they are sent digit for digit.
 */
export type Reply = Readonly<{
  status: number;
  body?: object;
  raw?: Readonly<Record<string, string>>;
  headers?: Readonly<Record<string, string>>;
}>;

/** One page; `nextCursor` is null on the last. */
export type Page<T> = Readonly<{ data: readonly T[]; nextCursor: string | null }>;

/** Returns 200 with `{ data, next_cursor }`, and with `Link: <…>; rel="next"` (RFC 8288) if there is a next page. */
export function pageReply<T>(request: IncomingMessage, { data, nextCursor }: Page<T>): Reply {
  const body = { data, next_cursor: nextCursor };
  if (nextCursor === null) return { status: 200, body };
  const [path = '/', query = ''] = originalUrlOf(request).split('?', 2);
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', nextCursor);
  return { status: 200, body, headers: { link: `<${path}?${parameters}>; rel="next"` } };
}

/** Writes a reply. Express's own json() would also process ETags, freshness and settings, which are not needed here. */
export function sendReply(response: ServerResponse, { status, body, raw, headers }: Reply): void {
  if (headers !== undefined) {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  }
  if (body === undefined) {
    response.writeHead(status).end();
    return;
  }
  const text = serialised(body, raw ?? {});
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    // Some responses repeat the text of a partner's endpoint: no browser may render it as a page.
    'x-content-type-options': 'nosniff',
  });
  response.end(text);
}

function serialised(body: object, raw: Readonly<Record<string, string>>): string {
  const text = JSON.stringify(body);
  const members = Object.entries(raw).map(([name, value]) => `${JSON.stringify(name)}:${value}`);
  if (members.length === 0) return text;
  return `${text.slice(0, -1)}${text === '{}' ? '' : ','}${members.join(',')}}`;
}
