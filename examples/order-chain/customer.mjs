import { setTimeout as wait } from 'node:timers/promises';
import { isCancelled } from './faults.mjs';

/** Places orders, and pays or cancels each. `ids` are told to `onOrder` before. */
export async function placeOrders({ shop, seed, ids, pauseMs, signal }) {
  const send = async (method, path, body) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${shop}${path}`, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`the shop answered ${response.status} to ${method} ${path}`);
  };
  for (const [index, id] of ids.entries()) {
    if (signal.aborted) return;
    await send('POST', '/orders', { _id: id, total: 1990 + 100 * index });
    if (isCancelled(seed, id)) await send('PUT', `/orders/${id}/status`, { status: 'cancelled' });
    else await send('POST', `/orders/${id}/payment`, {});
    // Rejects only when the signal is aborted.
    await wait(pauseMs, undefined, { signal }).catch(() => {});
  }
}
