import { createHash } from 'node:crypto';

// The order goes on without these, or is cancelled. Whatever else is asked for succeeds in the end.
const canFailForGood = new Set(['crm/customers', 'warehouse/reservations', 'warehouse/shipments']);

/** Returns the number of an order: 3 for `o-k3f9-3`. The same orders of another start fail in the same way. */
const numberOf = (order) => order.slice(order.lastIndexOf('-') + 1);

const dice = (seed, what) => createHash('sha256').update(`${seed} ${what}`).digest()[0] / 256;

/**
 * Returns the statuses with which a fake system answers the attempts of one call, such as `warehouse/shipments`, for an
 * order; the last one is repeated. It is decided by the seed alone: whatever else happens, and when.
 */
export function answersOf(seed, call, order) {
  const value = dice(seed, `${call} of order ${numberOf(order)}`);
  if (value < 0.6) return [201];
  if (value < 0.75) return [503, 201];
  if (value < 0.85 || !canFailForGood.has(call)) return [503, 503, 201];
  return value < 0.92 ? [503] : [422];
}

/** Returns true if the customer cancels the order instead of paying it. */
export const isCancelled = (seed, order) => dice(seed, `customer of order ${numberOf(order)}`) < 0.2;
