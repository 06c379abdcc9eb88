import { AppError } from '@tidings/runtime';

/** `unknown`: an empty database may be a lost one, and the topics have not been read. */
type Presence = 'unknown' | 'present' | 'lost';

const retryAfterMs = 1_000;

const refusals = {
  unknown: {
    message:
      'The registry is still looking whether its database has what the topics have: repeat the request in a moment.',
    isPublic: true,
  },
  lost: { message: 'The database has lost the registry, which the topics have: run registry:restore.' },
} as const;

/**
 * Knows if the database has the registry that the topics have. Nothing is created before that is known: version 1 in a lost
 * database would take the place of the copy that a restore needs.
 */
export class RegistryPresence {
  #presence: Presence = 'unknown';

  set(presence: Presence): void {
    this.#presence = presence;
  }

  /** Throws AppError `unavailable` unless the database is known to have the registry. */
  require(): void {
    if (this.#presence === 'present') return;
    throw new AppError({ code: 'unavailable', retryAfterMs, ...refusals[this.#presence] });
  }
}
