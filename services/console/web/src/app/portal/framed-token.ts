/**
 * The portal in a frame of another site, where browsers send no strict cookie: the page around it hands over a token,
 * which stays in memory. Only pages of `CONSOLE_PORTAL_ORIGINS` can be around it (frame-ancestors), so that a message of
 * the parent is one of theirs; the workspace may narrow them.
 *
 * Messages to the parent: `tidings-portal:` and one of {@link FrameMessage}. From it: `{ type: 'tidings-portal:token',
 * token }`, at any time, also to replace a token before it expires.
 */
export const isFramed = window.parent !== window;

/**
 * `ready` and `token-expired`: a token is needed. `token-expiring`: another one is needed within a minute. `signed-out`:
 * the person has left.
 */
export type FrameMessage = 'ready' | 'token-expiring' | 'token-expired' | 'signed-out';

let parentOrigin = '*';

/** Tells the page around the portal what happened. */
export function tellParent(message: FrameMessage): void {
  // Nothing secret. Until it has handed over a token, the origin of the parent is not known: any allowed one may read it.
  if (isFramed) window.parent.postMessage({ type: `tidings-portal:${message}` }, parentOrigin);
}

/** Addresses messages to the origin that handed over an accepted token, and no other that may be there later. */
export function trustParent(origin: string): void {
  parentOrigin = origin;
}

/** Returns true if a page of this origin may hand over a token. */
export const mayHandOver = (origin: string, origins: readonly string[]): boolean =>
  origins.length === 0 || origins.includes(origin);

/** A token, and the origin of the page that handed it over. */
export type HandedOver = Readonly<{ token: string; origin: string }>;

/** Calls `onToken` with each token that the page around the portal hands over; the returned function ends that. */
export function listenForTokens(onToken: (given: HandedOver) => void): () => void {
  if (!isFramed) return () => {};
  const listen = ({ source, origin, data }: MessageEvent<unknown>): void => {
    if (source !== window.parent || typeof data !== 'object' || data === null) return;
    const { type, token } = data as Readonly<{ type?: unknown; token?: unknown }>;
    if (type === 'tidings-portal:token' && typeof token === 'string') onToken({ token, origin });
  };
  addEventListener('message', listen);
  return () => removeEventListener('message', listen);
}
