import type { IncomingMessage } from 'node:http';

const absoluteForm = /^https?:\/\/(?:[\w.~!$&'()*+,;=%-]+|\[[\da-f:.]+\])(?::\d*)?(?<path>[/?].*)?$/i;

/**
 * Converts the absolute form of a request's target (`http://host/path`) to the origin form, so that all routing by path
 * receives one form. Every server must accept the absolute form, and its host takes precedence over the field Host (RFC
 * 9112 section 3.2.2).
 */
export function toOriginForm(request: IncomingMessage): void {
  const { url = '' } = request;
  if (url.startsWith('/')) return;
  const found = absoluteForm.exec(url);
  if (found === null) return;
  const path = found.groups?.['path'] ?? '/';
  request.url = path.startsWith('/') ? path : `/${path}`;
}
