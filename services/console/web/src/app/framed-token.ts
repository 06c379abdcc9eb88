/**
 * The portal in a frame of another site, where browsers send no strict cookie: the page around it hands over a token,
 * which stays in memory. Only pages of `CONSOLE_PORTAL_ORIGINS` can be around it (frame-ancestors), so that a message of
 * the parent is one of theirs.
 *
 * Messages to the parent: `tidings-portal:ready` and `tidings-portal:token-expired`. From it: `{ type:
 * 'tidings-portal:token', token }`, at any time, also to replace a token before it expires.
 */
export const isFramed = window.parent !== window;

/** Tells the page around the portal that it needs a token. */
export function askForToken(reason: 'ready' | 'token-expired'): void {
  // Nothing secret, and the origin of the parent is not known: any allowed one may read it.
  if (isFramed) window.parent.postMessage({ type: `tidings-portal:${reason}` }, '*');
}

/** Calls `onToken` with each token that the page around the portal hands over; the returned function ends that. */
export function listenForTokens(onToken: (token: string) => void): () => void {
  if (!isFramed) return () => {};
  const listen = ({ source, data }: MessageEvent<unknown>): void => {
    if (source !== window.parent || typeof data !== 'object' || data === null) return;
    const { type, token } = data as Readonly<{ type?: unknown; token?: unknown }>;
    if (type === 'tidings-portal:token' && typeof token === 'string') onToken(token);
  };
  addEventListener('message', listen);
  return () => removeEventListener('message', listen);
}
