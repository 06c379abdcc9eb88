import type { IncomingMessage } from 'node:http';
import type { AccessScope } from '@tidings/contracts';
import { AppError } from '@tidings/runtime';
import type { Authenticate, BrowserSession, Principal } from './principal.ts';
import { addressOf } from './request-state.ts';

/**
 * Returns the principal of the request's key (`Authorization: Bearer …`). Rejects with `unauthorized` (401) without a
 * known key, and with `forbidden` (403) for a key that has neither `scope` nor `admin` (which does not include
 * `platform`), unless `scope` is `any`.
 */
export async function authorize(
  request: IncomingMessage,
  authenticate: Authenticate,
  scope: AccessScope | 'any',
): Promise<Principal> {
  const [, token] = /^Bearer +([^\s]{1,4096})$/i.exec(request.headers.authorization ?? '') ?? [];
  if (token === undefined) throw unauthorized('There is no key');
  const session = sessionOf(request);
  const caller = { address: addressOf(request), ...(session !== null && { session }) };
  const principal = await authenticate(token, caller);
  if (principal === null) throw unauthorized('The key is not known, has expired or was revoked');
  const { scopes } = principal;
  if (scope === 'any' || scopes.has(scope) || (scope !== 'platform' && scopes.has('admin'))) return principal;
  throw new AppError({ code: 'forbidden', message: `The key lacks the scope '${scope}'.` });
}

/** The header in which the console says in which browser session a key is used: `<id>.<begin in epoch milliseconds>`. */
export const sessionHeader = 'x-tidings-session';

// Whoever sends it without need loses access and gains none.
function sessionOf({ headers }: IncomingMessage): BrowserSession | null {
  const given = headers[sessionHeader];
  if (given === undefined) return null;
  const [, id, began] = /^([0-9A-Za-z-]{1,64})\.(\d{1,15})$/.exec(String(given)) ?? [];
  return id === undefined ? null : { id, beganAtMs: Number(began) };
}

function unauthorized(problem: string): AppError {
  const message = `${problem}: send it as 'Authorization: Bearer <key>'.`;
  return new AppError({ code: 'unauthorized', message });
}
