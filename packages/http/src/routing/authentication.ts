import type { AccessScope } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import type { Authenticate, Principal } from './principal.ts';
import type { Middleware } from './raw-body.ts';
import { addressOf, principalOf, setPrincipal } from './request-state.ts';

/**
 * Lets only requests with a known key pass (`Authorization: Bearer …`), 401 otherwise; with `scope`, 403 for a key
 * that has neither it nor `admin`.
 */
export function requireKey(authenticate: Authenticate, scope?: AccessScope): Middleware {
  const checkScope = scope === undefined ? undefined : requireScope(scope);
  return (request, response, next) => {
    const [, token] = /^Bearer +([^\s]{1,4096})$/i.exec(request.headers.authorization ?? '') ?? [];
    const letIn = (principal: Principal | null): void => {
      if (principal === null) {
        next(unauthorized(token === undefined));
        return;
      }
      setPrincipal(request, principal);
      if (checkScope === undefined) next();
      else checkScope(request, response, next);
    };
    if (token === undefined) {
      letIn(null);
      return;
    }
    const found = authenticate(token, { address: addressOf(request) });
    // Most keys are known at once: a promise would only put every request off.
    if (found instanceof Promise) found.then(letIn, next);
    else letIn(found);
  };
}

function unauthorized(isWithoutKey: boolean): AppError {
  const problem = isWithoutKey ? 'There is no key' : 'The key is not known, has expired or was revoked';
  const message = `${problem}: send it as 'Authorization: Bearer <key>'.`;
  return new AppError({ code: 'unauthorized', message });
}

/** Lets only keys with `scope` (or `admin`, except for `platform`) pass, 403 otherwise. Comes after `requireKey`. */
export function requireScope(scope: AccessScope): Middleware {
  return (request, _response, next) => {
    const { scopes: held } = principalOf(request);
    const isAllowed = held.has(scope) || (scope !== 'platform' && held.has('admin'));
    if (isAllowed) next();
    else next(new AppError({ code: 'forbidden', message: `The key lacks the scope '${scope}'.` }));
  };
}
