import type { Schemas } from '../../api/client.ts';

type Delivery = Readonly<{
  status: Schemas['Delivery']['status'];
  attempts: readonly Pick<Schemas['Attempt'], 'trigger' | 'at'>[];
}>;

const openMs = 2_000;

/** Returns true if attempts of a delivery follow by themselves. */
export const isUnderWay = ({ status }: Pick<Delivery, 'status'>): boolean =>
  status === 'pending' || status === 'retrying';

/** Returns the time of the newest attempt that somebody has asked for; null if there is none. */
export const lastManualAt = ({ attempts }: Pick<Delivery, 'attempts'>): string | null =>
  attempts.findLast(({ trigger }) => trigger === 'manual')?.at ?? null;

/**
 * Returns the pause until a delivery is read again; false if it stays as it is. `resentAfter`: its
 * {@link lastManualAt} before it was resent, until whose attempt even a final status changes; undefined if it was not.
 */
export function refreshMs(
  delivery: Delivery | undefined,
  resentAfter: string | null | undefined,
): number | false {
  if (delivery === undefined) return false;
  const isAwaited = resentAfter !== undefined && lastManualAt(delivery) === resentAfter;
  return isUnderWay(delivery) || isAwaited ? openMs : false;
}
