import type { ServerResponse } from 'node:http';

/** Returns true for a response without an end of its own: server-sent events, or a WebSocket. */
export const isStream = (response: ServerResponse): boolean =>
  response.statusCode === 101 || String(response.getHeader('content-type')).startsWith('text/event-stream');
