import type { JobOrdered } from '../jobs/job.ts';
import type { DeliveryState } from './delivery-command.ts';

// Retries and redrives count chains up from 0 and never come near it. A chain is long because it must be above every
// chain of the same delivery, also those that other replays have in stored records: commands that wait up to 10 days,
// superseded-commands for 30 days, documents of the history. A numbering that begins lower would make delivery drop the
// commands of new replays as superseded, and show their attempts before older ones. Only a counter per delivery would be
// shorter, and the service that sends a replay does not know which chains exist.
const firstReplayChain = 1e15;
const chainsPerMs = 1_000;

/**
 * Returns the chain of every delivery that a replay sends. It follows from the order alone, so that a replay that
 * continues after a crash repeats its chain; it is above the chains of retries, redrives and older replays, and
 * leaves room for the chains that retries of this replay start (each is one more). A safe integer until the year 2223.
 */
export const replayChainOf = ({ jobId, createdAtMs }: Pick<JobOrdered, 'jobId' | 'createdAtMs'>): number =>
  firstReplayChain + createdAtMs * chainsPerMs + (Number.parseInt(jobId.slice(-6), 16) % chainsPerMs);

/** Returns true for the chain of a replay, and for those that retries of it started. */
export const isReplayChain = (chain: number): boolean => chain >= firstReplayChain;

/** Returns true for a command that belongs to a replay: its first attempt, and the retries that follow it. */
export const isReplayed = ({ chain, trigger }: Pick<DeliveryState, 'chain' | 'trigger'>): boolean =>
  trigger === 'replay' || (trigger === 'retry' && isReplayChain(chain));
