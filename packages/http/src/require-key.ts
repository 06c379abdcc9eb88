import { hash, timingSafeEqual } from 'node:crypto';
import { AppError } from '@tidings/runtime';
import { type Authenticate, type Principal, type Scope, scopes } from './principal.ts';
import type { Middleware } from './raw-body.ts';
import { keepPrincipal, principalOf } from './request-state.ts';

/**
 * Lets only requests with a known key pass (`Authorization: Bearer …`), 401 otherwise; with `scope`, 403 for a key
 * that has neither it nor `admin`.
 */
export function requireKey(authenticate: Authenticate, scope?: Scope): Middleware {
  const checkScope = scope === undefined ? undefined : requireScope(scope);
  return (request, response, next) => {
    const [, token] = /^Bearer +([^\s]{1,4096})$/i.exec(request.headers.authorization ?? '') ?? [];
    const principal = token === undefined ? null : authenticate(token);
    if (principal === null) {
      const problem =
        token === undefined ? 'There is no key' : 'The key is not known, has expired or was revoked';
      next(
        new AppError({
          code: 'unauthorized',
          message: `${problem}: send it as 'Authorization: Bearer <key>'.`,
        }),
      );
      return;
    }
    keepPrincipal(request, principal);
    if (checkScope === undefined) next();
    else checkScope(request, response, next);
  };
}

/** Lets only keys with `scope` (or `admin`, except for `platform`) pass, 403 otherwise. Comes after `requireKey`. */
export function requireScope(scope: Scope): Middleware {
  return (request, _response, next) => {
    const { scopes: held } = principalOf(request);
    const isAllowed = held.has(scope) || (scope !== 'platform' && held.has('admin'));
    if (isAllowed) next();
    else next(new AppError({ code: 'forbidden', message: `The key lacks the scope '${scope}'.` }));
  };
}

/** The key that an operator sets in the environment, and the workspace it belongs to. */
export type AdminKey = Readonly<{ adminKey: string; workspaceId: string }>;

/** Knows one key, which may do everything in its workspace. Comparison takes the same time for any token. */
export function adminKeyAuthenticator({ adminKey, workspaceId }: AdminKey): Authenticate {
  const wanted = digest(adminKey);
  const principal: Principal = { keyId: 'key_admin', workspaceId, consumerId: null, scopes: new Set(scopes) };
  return (token) => (timingSafeEqual(digest(token), wanted) ? principal : null);
}

// Hashed first, so that buffers are of equal length and the length of the key does not show either.
function digest(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
