import type { Schemas } from '../../api/client.ts';

type Part = Schemas['System']['errors'][number];

/** A store that does not respond. `some`: parts of the state could not be read, for a reason that they do not tell. */
export type Outage = 'kafka' | 'database' | 'some';

// Where the history service reads each part of the state: see `GET /v1/webhooks/system`.
const stores: Readonly<Record<string, Exclude<Outage, 'some'>>> = {
  hops: 'kafka',
  retries: 'kafka',
  dead_letters: 'database',
  jobs: 'database',
};

/**
 * Returns the store that does not respond, from the parts of the state that could not be read: one that has lost all of
 * its parts while another store has lost none. Null if everything was read.
 */
export function outageOf(errors: readonly Part[]): Outage | null {
  if (errors.length === 0) return null;
  const unread = new Set(errors.map(({ part }) => part));
  const lost = Object.entries(stores).filter(([part]) => unread.has(part));
  const [first] = lost;
  const isWhole = (store: Outage) =>
    Object.entries(stores).every(([part, home]) => (home === store) === unread.has(part));
  return first !== undefined && isWhole(first[1]) ? first[1] : 'some';
}
