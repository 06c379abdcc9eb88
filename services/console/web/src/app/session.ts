import { ApiProblem, problemOf } from '../api/api-problem.ts';
import { api, dataOf, fetchApi, fetchUnsigned, fetchWith, type Schemas } from '../api/client.ts';
import { resetSignedOut } from '../api/connection.ts';
import { signRequests } from '../api/request-headers.ts';
import { texts } from '../texts/index.ts';
import { isOut } from './arrival.ts';
import type { Entry } from './entry.ts';
import { type HandedOver, isFramed, mayHandOver, trustParent } from './portal/framed-token.ts';
import { readLook } from './portal/look.ts';
import { adoptLook, fetchLook } from './portal/portal-look.ts';

/** The rights of the session's key or token. */
export type Identity = Schemas['Identity'];

/** A signed-in browser. */
export type Session = Readonly<{ identity: Identity; csrf: string; idle_seconds: number; ends_at: string }>;

/** A key, a code of a link, or a token of a consumer, to sign in with. */
export type Credential = Readonly<{ key: string }> | Readonly<{ code: string }> | Readonly<{ token: string }>;

const at = (entry: Entry): URL => new URL(`/session/${entry}`, location.origin);

async function adopt(response: Response): Promise<Session> {
  const session = (await response.json()) as Session;
  signRequests({ csrf: session.csrf });
  resetSignedOut();
  return session;
}

/** Returns the session of the browser's cookie. Rejects with ApiProblem; `unauthorized` if nobody is signed in. */
export const readSession = async (entry: Entry): Promise<Session> =>
  adopt(await fetchApi(new Request(at(entry))));

/** Signs in, and sets the cookie of the session. Rejects with ApiProblem. */
export async function signIn(entry: Entry, credential: Credential): Promise<Session> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify(credential);
  return adopt(await fetchApi(new Request(at(entry), { method: 'POST', headers, body })));
}

/** Returns whose a token is. The page stays signed in as it is. Rejects with ApiProblem; 401 if the token is refused. */
export const identityOf = async (token: string): Promise<Identity> =>
  dataOf(api.GET('/v1/webhooks/identity', { fetch: fetchWith(token) }));

/** Returns whom the code of a link would sign in; the code works as before. Rejects with ApiProblem; 401 if it is refused. */
export async function identityOfCode(code: string): Promise<Identity> {
  const headers = { 'content-type': 'application/json' };
  const url = new URL('/session/operator/link', location.origin);
  const request = new Request(url, { method: 'POST', headers, body: JSON.stringify({ code }) });
  return ((await (await fetchUnsigned(request)).json()) as Readonly<{ identity: Identity }>).identity;
}

/** A token that the API has accepted, with what is needed to show its portal, and the page that handed it over. */
export type CheckedToken = Readonly<{ token: string; identity: Identity; look: unknown; origin?: string }>;

/** Checks a token of the URL of a frame. The page stays signed in as it is. Rejects with ApiProblem. */
export async function checkToken(token: string): Promise<CheckedToken> {
  const identity = await identityOf(token);
  return { token, identity, look: await fetchLook(token).catch(() => undefined) };
}

/** Checks a token that the page around the portal handed over, as {@link checkToken} does, and that it may do so. */
export async function checkHandedOver({ token, origin }: HandedOver): Promise<CheckedToken> {
  const identity = await identityOf(token);
  const look = await fetchLook(token);
  if (mayHandOver(origin, readLook(look).origins)) return { token, identity, look, origin };
  throw new ApiProblem(403, { detail: texts.portalClosed.wrongOrigin(origin) });
}

/** Signs in, in a frame: the token stays in memory, and no cookie is set. All that depends on it changes at once. */
export function holdToken({ token, identity, look, origin }: CheckedToken): Session {
  signRequests({ token });
  if (look !== undefined) adoptLook(look);
  if (origin !== undefined) trustParent(origin);
  resetSignedOut();
  return { identity, csrf: '', idle_seconds: 0, ends_at: identity.expires_at ?? '' };
}

/** Returns when the session ends by itself, in epoch milliseconds; that of a token is its own end too. */
export const endOf = ({ ends_at, identity }: Session): number =>
  Math.min(...[ends_at, identity.expires_at].flatMap((at) => (at ? [Date.parse(at)] : [])));

/**
 * Signs out; with `everywhere` all sessions of the same key, or of the consumer in the portal. Returns the problem if
 * this browser is signed out and the services could not be told. Rejects with ApiProblem if nothing has ended: a token
 * that the page holds is kept, to try again.
 */
export async function signOut(entry: Entry, everywhere: boolean): Promise<ApiProblem | null> {
  const url = at(entry);
  if (everywhere) url.searchParams.set('everywhere', 'true');
  const ending = isFramed ? endToken(everywhere) : fetchApi(new Request(url, { method: 'DELETE' }));
  const problem = await ending.then(
    () => null,
    (error: unknown) => {
      const refused = problemOf(error);
      if (refused === null || !isOut(refused.status, isFramed)) throw error;
      return refused;
    },
  );
  signRequests(null);
  // 401: what should end has ended already.
  return problem?.status === 401 ? null : problem;
}

const endToken = async (everywhere: boolean) =>
  dataOf(api.POST('/v1/webhooks/identity/sign-out', { body: { ends: everywhere ? 'all' : 'token' } }));

/**
 * Takes a credential out of the URL's fragment, which no server receives, and removes it from the address and the
 * history: `#sign-in=<code>` of `npm start`, `#token=<token>` of a link to the portal.
 */
export function credentialFromUrl(entry: Entry): Exclude<Credential, Readonly<{ key: string }>> | null {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const [name, field] = entry === 'operator' ? (['sign-in', 'code'] as const) : (['token', 'token'] as const);
  const value = fragment.get(name);
  if (value === null) return null;
  history.replaceState(history.state, '', `${location.pathname}${location.search}`);
  return field === 'code' ? { code: value } : { token: value };
}
