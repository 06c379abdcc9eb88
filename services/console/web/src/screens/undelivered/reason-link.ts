import type { Schemas } from '../../api/client.ts';

type Group = Schemas['Undelivered']['data'][number];

/** A list with the filters that find exactly the deliveries of a reason, as far as the list has them. */
export type ReasonLink = Readonly<{ to: string; search: Readonly<Record<string, string>> }>;

/** Returns the list of the deliveries that one reason is about. */
export function reasonLink(
  { subscription_id }: Pick<Group, 'subscription_id'>,
  { status, reason, last_reason }: Pick<Group['reasons'][number], 'status' | 'reason' | 'last_reason'>,
): ReasonLink {
  if (status === 'dead_lettered') {
    const byReason = reason === null ? {} : { reason };
    return { to: '/dead-letters', search: { subscription_id, state: 'waiting', ...byReason } };
  }
  // The list finds a reason in both places, so that the more telling one is enough.
  const why = reason ?? last_reason;
  return { to: '/deliveries', search: { subscription_id, status, ...(why === null ? {} : { reason: why }) } };
}
