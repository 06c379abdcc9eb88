import type { DeliveryState } from '@tidings/contracts';

/**
 * A fraction from 0 (included) to 1 that looks random but is the same for every copy of a command: two copies that a
 * crash left then come due together, and the second finds the first still in memory. The delivery id is a hash already.
 */
export const jitterOf = ({
  deliveryId,
  chain,
  attempt,
}: Pick<DeliveryState, 'deliveryId' | 'chain' | 'attempt'>): number => {
  const word = Number.parseInt(deliveryId.slice(-8), 16) >>> 0;
  let mixed = (word ^ Math.imul(attempt, 0x9e3779b1) ^ Math.imul(chain + 1, 0x85ebca6b)) >>> 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b) >>> 0;
  mixed = (mixed ^ (mixed >>> 16)) >>> 0;
  return mixed / 0x1_0000_0000;
};
