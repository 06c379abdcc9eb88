import type { ErrorDetail } from '@tidings/json';

/** Schema of a path within the portal: `/deliveries?status=failed`. */
export const portalPathSchema = {
  type: 'string',
  // Neither an authority (`//host`), nor a fragment, which is the token's, nor what browsers read as a slash.
  pattern: '^/(?!/)[^\\\\#\\s\\p{C}]*$',
  maxLength: 2_048,
  description: 'Page of the portal to open, such as `/deliveries?status=failed`. Default: its start page.',
} as const;

/** Returns the URL that opens a page of the portal; null for a path that leads out of it. */
export function portalUrl(base: string, path: string, token: string): string | null {
  const root = new URL(`${base}/`);
  const url = new URL(`${base}${path === '/' ? '' : path}`);
  const isWithin = url.origin === root.origin && `${url.pathname}/`.startsWith(root.pathname);
  if (!isWithin) return null;
  url.hash = `token=${token}`;
  return url.href;
}

/** The fault of a path that leads out of the portal. */
export const pathFault = (path: string): ErrorDetail => ({
  pointer: '/path',
  detail: `must stay within the portal, got '${path}'`,
});
