import { useQuery } from '@tanstack/react-query';
import { api, dataOf } from '../../api/client.ts';
import styles from './dead-letter-counts.module.css';
import type { reasons } from './dead-letter-filters.ts';
import { texts } from './texts.ts';

type Reason = (typeof reasons)[number];
type Props = Readonly<{
  /** The filters of the list but state and reason, which the counts are of. */
  query: Readonly<Record<string, string>>;
  reason: Reason | undefined;
  onPick: (reason: Reason | undefined) => void;
}>;

/** Numbers of those that wait, by reason: each is a filter. */
export function DeadLetterCounts({ query, reason, onPick }: Props) {
  const counts = useQuery({
    queryKey: ['dead-letter-counts', query],
    queryFn: async ({ signal }) =>
      dataOf(
        api.GET('/v1/webhooks/dead-letters/counts', {
          params: { query: { ...query, state: 'waiting' } },
          signal,
        }),
      ),
  });
  const byReason = new Map<Reason, number>();
  for (const { reason: one, count } of counts.data?.data ?? [])
    byReason.set(one, (byReason.get(one) ?? 0) + count);
  if (byReason.size === 0) return null;
  return (
    <fieldset className={styles.counts}>
      <legend className="hidden-text">{texts.counts}</legend>
      {[...byReason].map(([one, count]) => (
        <button
          key={one}
          type="button"
          className={styles.count}
          aria-pressed={reason === one}
          onClick={() => onPick(reason === one ? undefined : one)}
        >
          <span>{texts.reasons[one]}</span>
          <strong>{texts.waiting(count)}</strong>
        </button>
      ))}
    </fieldset>
  );
}
