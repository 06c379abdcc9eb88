import { ApiProblem, problemOf } from '../api/api-problem.ts';
import { api, dataOf, fetchApi, type Schemas } from '../api/client.ts';
import { resetSignedOut } from '../api/connection.ts';
import { signRequests } from '../api/request-headers.ts';
import { texts } from '../texts/index.ts';
import type { Entry } from './entry.ts';
import { type HandedOver, isFramed, mayHandOver, trustParent } from './portal/framed-token.ts';
import { loadLook } from './portal/portal-look.ts';

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

/** Signs in. Rejects with ApiProblem. In a frame, the token stays in memory: no cookie is set. */
export async function signIn(entry: Entry, credential: Credential): Promise<Session> {
  if (isFramed && 'token' in credential) return holdToken(credential.token);
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify(credential);
  return adopt(await fetchApi(new Request(at(entry), { method: 'POST', headers, body })));
}

async function holdToken(token: string): Promise<Session> {
  signRequests({ token });
  const identity = await dataOf(api.GET('/v1/webhooks/identity'));
  resetSignedOut();
  return { identity, csrf: '', idle_seconds: 0, ends_at: identity.expires_at ?? '' };
}

/** Signs in with a token that the page around the portal handed over. Rejects with ApiProblem. */
export async function signInFramed({ token, origin }: HandedOver): Promise<Session> {
  const session = await holdToken(token);
  const { origins } = await loadLook();
  if (mayHandOver(origin, origins)) {
    trustParent(origin);
    return session;
  }
  signRequests(null);
  throw new ApiProblem(403, { detail: texts.portalClosed.wrongOrigin(origin) });
}

/** Returns when the session ends by itself, in epoch milliseconds; that of a token is its own end too. */
export const endOf = ({ ends_at, identity }: Session): number =>
  Math.min(...[ends_at, identity.expires_at].flatMap((at) => (at ? [Date.parse(at)] : [])));

/**
 * Signs out; with `everywhere` all sessions of the same key, or of the consumer in the portal. Rejects with ApiProblem
 * if nobody could be told; status 503: this browser is signed out nevertheless.
 */
export async function signOut(entry: Entry, everywhere: boolean): Promise<void> {
  const url = at(entry);
  if (everywhere) url.searchParams.set('everywhere', 'true');
  try {
    if (isFramed) await endToken(everywhere);
    else await fetchApi(new Request(url, { method: 'DELETE' }));
  } catch (error) {
    // 401: what should end has ended already.
    const status = problemOf(error)?.status;
    if (status === 503) signRequests(null);
    if (status !== 401) throw error;
  }
  signRequests(null);
}

const endToken = async (everywhere: boolean) =>
  dataOf(api.POST('/v1/webhooks/identity/sign-out', { body: { ends: everywhere ? 'all' : 'token' } }));

/**
 * Takes a credential out of the URL's fragment, which no server receives, and removes it from the address and the
 * history: `#sign-in=<code>` of `npm start`, `#token=<token>` of a link to the portal.
 */
export function credentialFromUrl(entry: Entry): Credential | null {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const [name, field] = entry === 'operator' ? (['sign-in', 'code'] as const) : (['token', 'token'] as const);
  const value = fragment.get(name);
  if (value === null) return null;
  history.replaceState(history.state, '', `${location.pathname}${location.search}`);
  return field === 'code' ? { code: value } : { token: value };
}
