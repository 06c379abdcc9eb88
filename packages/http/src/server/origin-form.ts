import type { IncomingMessage } from 'node:http';

const absoluteForm = /^https?:\/\/(?:[\w.~!$&'()*+,;=%-]+|\[[\da-f:.]+\])(?::\d*)?(?<path>[/?].*)?$/i;

/**
 * Turns the absolute form of a request's target (`http://host/path`), which every server must take and whose host
 * outranks the field Host (RFC 9112 section 3.2.2), into the origin form, so that whatever routes by path sees one form.
 */
export function toOriginForm(request: IncomingMessage): void {
  const { url = '' } = request;
  if (url.startsWith('/')) return;
  const found = absoluteForm.exec(url);
  if (found === null) return;
  const path = found.groups?.['path'] ?? '/';
  request.url = path.startsWith('/') ? path : `/${path}`;
}
