import type { Schemas } from '../api/client.ts';

type Identity = Schemas['Identity'];
type Whose = Readonly<Pick<Identity, 'workspace_id' | 'consumer_id'>>;

/** A token that came by a link, before it is used. */
export type Arrival = Readonly<{
  /** The identity of the token; null: the API refuses it. */
  linked: Identity | null;
  /** The id in the token, as {@link tokenId} reads it. */
  id: string | null;
}>;

/**
 * Returns what a link does to the session that the browser has. `open`: it signs in. `ask`: it would replace the session of
 * another workspace or consumer, which whoever made the link may want and the person does not. `keep`: it has ended, and
 * made this session. `ended`: it has ended, and no other session may stand in for it.
 */
export function arrivalOf(
  current: Readonly<{ identity: Identity }>,
  { linked, id }: Arrival,
): 'open' | 'ask' | 'keep' | 'ended' {
  if (linked === null) return current.identity.key_id === id ? 'keep' : 'ended';
  return isSame(current.identity, linked) ? 'open' : 'ask';
}

const isSame = (one: Whose, other: Whose): boolean =>
  one.workspace_id === other.workspace_id && one.consumer_id === other.consumer_id;

/** Returns the id in a consumer token, which nobody has verified; null for text of another form. */
export function tokenId(token: string): string | null {
  try {
    const claims = token.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? '';
    const { jti } = JSON.parse(atob(claims)) as Readonly<{ jti?: unknown }>;
    return typeof jti === 'string' ? jti : null;
  } catch {
    return null;
  }
}

/** Returns text that is equal for identities which are shown the same. */
export function whoseOf({ workspace_id, consumer_id, scopes }: Identity): string {
  return JSON.stringify([workspace_id, consumer_id, scopes]);
}

/**
 * Returns true if a sign-out is over in this page. A session's cookie is removed even if the services could not be told
 * (503). A token that the page holds works until they were told: the page keeps it to try again.
 */
export const isOut = (status: number | undefined, holdsToken: boolean): boolean =>
  status === undefined || status === 401 || (status === 503 && !holdsToken);
