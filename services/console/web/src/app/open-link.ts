import { ApiProblem, problemOf } from '../api/api-problem.ts';
import { texts } from '../texts/index.ts';
import { arrivalOf, tokenId } from './arrival.ts';
import type { Entry } from './entry.ts';
import { isFramed } from './portal/framed-token.ts';
import { adoptLook, fetchLook } from './portal/portal-look.ts';
import {
  type Credential,
  checkToken,
  holdToken,
  type Identity,
  identityOf,
  identityOfCode,
  readSession,
  type Session,
  signIn,
} from './session.ts';

/** A link that would replace the session of another workspace or consumer. `open` does so. Rejects with ApiProblem. */
export type LinkQuestion = Readonly<{ current: Identity; linked: Identity; open: () => Promise<Session> }>;

/** A credential that comes by a link: a code of `npm start`, or a token of the portal. */
export type LinkCredential = Exclude<Credential, Readonly<{ key: string }>>;

/** The session after a link, and what is to be asked before it opens. Null: a later credential has taken its place. */
export type Opened = Readonly<{ session: Session; question: LinkQuestion | null }> | null;

/**
 * Signs in with the credential of a link, unless that needs an answer. `take`: true if nothing later has come. Rejects
 * with ApiProblem, and changes nothing then.
 */
export async function openLink(
  entry: Entry,
  credential: LinkCredential,
  take: () => boolean,
): Promise<Opened> {
  if ('token' in credential && isFramed) {
    const checked = await checkToken(credential.token);
    return take() ? opened(holdToken(checked)) : null;
  }
  const open = async () => withLook(entry, await signIn(entry, credential));
  const current = await unlessRefused(readSession(entry));
  if (current === null) return take() ? opened(await open()) : null;
  const linked = await unlessRefused(whose(credential));
  // Nothing in a code tells for which key it was: one that works no more was used in this browser.
  const id = 'token' in credential ? tokenId(credential.token) : current.identity.key_id;
  const arrival = arrivalOf(current, { linked, id });
  if (arrival === 'ended') throw new ApiProblem(401, { detail: texts.portalClosed.linkEnded });
  if (!take()) return null;
  if (arrival === 'open') return opened(await open());
  const session = await withLook(entry, current);
  if (linked === null) return opened(session);
  return { session, question: { current: current.identity, linked, open } };
}

/** Returns a session after the appearance of its workspace is applied. Without it the portal is of use too. */
export async function withLook(entry: Entry, session: Session): Promise<Session> {
  if (entry === 'portal') await fetchLook().then(adoptLook, () => {});
  return session;
}

const whose = async (credential: LinkCredential): Promise<Identity> =>
  'token' in credential ? identityOf(credential.token) : identityOfCode(credential.code);

const opened = (session: Session): Opened => ({ session, question: null });

const unlessRefused = async <T>(call: Promise<T>): Promise<T | null> =>
  call.catch((error: unknown) => {
    if (problemOf(error)?.status === 401) return null;
    throw error;
  });
