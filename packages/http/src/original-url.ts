import type { IncomingMessage } from 'node:http';

/** The URL as it came: express cuts the mount path off `url` inside a router. */
export function originalUrlOf(request: IncomingMessage): string {
  return 'originalUrl' in request ? String(request.originalUrl) : (request.url ?? '/');
}
