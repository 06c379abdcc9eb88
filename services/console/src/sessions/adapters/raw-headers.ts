import type { IncomingMessage } from 'node:http';

// The proxy forwards `rawHeaders`, and decides by `headers`: both must agree.

/** Removes a header field from a request. */
export function removeHeader(request: IncomingMessage, name: string): void {
  const { rawHeaders } = request;
  for (let at = rawHeaders.length - 2; at >= 0; at -= 2) {
    if (rawHeaders[at]?.toLowerCase() === name.toLowerCase()) rawHeaders.splice(at, 2);
  }
  delete request.headers[name.toLowerCase()];
}

/** Sets a header field of a request to one value. */
export function replaceHeader(request: IncomingMessage, name: string, value: string): void {
  removeHeader(request, name);
  request.rawHeaders.push(name, value);
  request.headers[name.toLowerCase()] = value;
}
