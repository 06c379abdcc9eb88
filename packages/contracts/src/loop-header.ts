/** Names the installation whose request this is, so that its own ingress can recognise a loop. */
export const loopHeaderName = 'tidings-loop';

/** True when a request that arrived carries the mark of this installation, that is, came from itself. */
export function isOwnRequest(headerValue: string | readonly string[] | undefined, loopId: string): boolean {
  const values = typeof headerValue === 'string' ? [headerValue] : (headerValue ?? []);
  return values.some((value) => value.split(',').some((mark) => mark.trim() === loopId));
}
