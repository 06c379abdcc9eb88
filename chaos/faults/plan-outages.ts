import type { Random } from '../run/random.ts';
import type { SystemFault } from './plan-faults.ts';

/** Name of the networks in front of all brokers. */
export const kafkaNetwork = 'kafka';

// Late enough for webhooks to be in the spool already, and early enough for others to follow.
const fillAfterMs = 3_500;
const freeBeforeMs = 2_500;

/**
 * Draws the outages of the log: all brokers are cut off at once, soon after the start and every few minutes from then on. Nothing is
 * acknowledged meanwhile, and webhooks go to the spools. `spools` names those whose disks can be filled: one of them is full for a part
 * of each outage, and its instance can keep nothing at all. None if there is no time left for one until `endMs`.
 */
export const planOutages = (random: Random, spools: readonly string[], endMs: number): SystemFault[] => {
  const faults: SystemFault[] = [];
  for (let atMs = random.between(20_000, 30_000); ; atMs += random.between(150_000, 300_000)) {
    const forMs = random.between(9_000, 14_000);
    if (atMs + forMs > endMs) return faults;
    faults.push({ atMs, fault: 'partition', target: kafkaNetwork, forMs, amountMs: 0 });
    const [spool, ...others] = spools;
    if (spool === undefined) continue;
    const fill = { target: random.pick([spool, ...others]), forMs: forMs - fillAfterMs - freeBeforeMs };
    faults.push({ atMs: atMs + fillAfterMs, fault: 'fill', ...fill, amountMs: 0 });
  }
};
