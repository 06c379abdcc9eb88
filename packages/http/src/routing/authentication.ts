import type { AccessScope } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import type { Authenticate, Principal } from './principal.ts';
import type { Middleware } from './raw-body.ts';
import { addressOf, principalOf, setPrincipal } from './request-state.ts';

/**
 * Requires a known key (`Authorization: Bearer …`) and responds 401 otherwise; with `scope`, responds 403 for a key
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
    // Most keys are found synchronously: a promise would delay every request.
    if (found instanceof Promise) found.then(letIn, next);
    else letIn(found);
  };
}

function unauthorized(isWithoutKey: boolean): AppError {
  const problem = isWithoutKey ? 'There is no key' : 'The key is not known, has expired or was revoked';
  const message = `${problem}: send it as 'Authorization: Bearer <key>'.`;
  return new AppError({ code: 'unauthorized', message });
}

/**
 * Requires a key with `scope` (or `admin`, except for `platform`) and responds 403 otherwise. Mount it after
 * `requireKey`.
 */
export function requireScope(scope: AccessScope): Middleware {
  return (request, _response, next) => {
    const { scopes: held } = principalOf(request);
    const isAllowed = held.has(scope) || (scope !== 'platform' && held.has('admin'));
    if (isAllowed) next();
    else next(new AppError({ code: 'forbidden', message: `The key lacks the scope '${scope}'.` }));
  };
}
