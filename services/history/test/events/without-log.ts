import { KnownAttempts } from '../../src/statistics/known-attempts.ts';

/** Returns attempts that are known only from what is counted. */
export const withoutLog = (): KnownAttempts => new KnownAttempts({ read: async () => {} });
