import type { IncomingMessage, ServerResponse } from 'node:http';

/** One page; `nextCursor` is null on the last. */
export type Page<T> = Readonly<{ data: readonly T[]; nextCursor: string | null }>;

/** Answers 200 with `{ data, next_cursor }`, and with `Link: <…>; rel="next"` (RFC 8288) when there is more. */
export function sendList<T>(request: IncomingMessage, response: ServerResponse, page: Page<T>): void {
  const { data, nextCursor } = page;
  if (nextCursor !== null) {
    const [path = '/', query = ''] = originalUrlOf(request).split('?', 2);
    const parameters = new URLSearchParams(query);
    parameters.set('cursor', nextCursor);
    response.setHeader('link', `<${path}?${parameters}>; rel="next"`);
  }
  const text = JSON.stringify({ data, next_cursor: nextCursor });
  response.statusCode = 200;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('content-length', Buffer.byteLength(text));
  response.end(text);
}

/** The URL as it came: express cuts the mount path off `url` inside a router. */
export function originalUrlOf(request: IncomingMessage): string {
  return 'originalUrl' in request ? String(request.originalUrl) : (request.url ?? '/');
}
