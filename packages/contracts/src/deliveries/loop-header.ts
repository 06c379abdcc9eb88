/** Header that names the sending installation, so that its own ingress can detect a loop. */
export const loopHeaderName = 'tidings-loop';

/** Returns true if a received request carries the mark of this installation, that is, if it sent the request itself. */
export function isOwnRequest(headerValue: string | readonly string[] | undefined, loopId: string): boolean {
  const values = typeof headerValue === 'string' ? [headerValue] : (headerValue ?? []);
  return values.some((value) => value.split(',').some((mark) => mark.trim() === loopId));
}
