import { useQuery } from '@tanstack/react-query';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { ErrorState } from '../../parts/page/states.tsx';
import { SmallTable } from '../../parts/values/small-table.tsx';
import { Time } from '../../parts/values/time.tsx';
import { refusalWords } from './refusal-words.ts';
import styles from './sources.module.css';
import { texts } from './texts.ts';

type Received = Schemas['ReceivedWebhook'];
type Outcome = Received['outcome'];

const dayMs = 86_400_000;
const readMs = 10_000;
const pageSize = 100;

/** Reads the newest entries of the last day. */
const useDay = (id: string, outcome?: Outcome) =>
  useQuery({
    queryKey: ['received-day', id, outcome ?? 'all'],
    queryFn: async ({ signal }) => {
      const received_after = new Date(Date.now() - dayMs).toISOString();
      const query = { received_after, limit: pageSize, ...(outcome === undefined ? {} : { outcome }) };
      const params = { path: { id }, query };
      return dataOf(api.GET('/v1/webhooks/sources/{id}/received', { params, signal }));
    },
    refetchInterval: readMs,
  });

const sumOf = (entries: readonly Received[]): number => entries.reduce((sum, { count }) => sum + count, 0);

/** The webhooks of the last day in numbers, as far as a page tells. */
export function DayCounts({ id }: Readonly<{ id: string }>) {
  const { data: page } = useDay(id);
  if (page === undefined) return null;
  if (page.data.length === 0) return <span className={styles.soft}>{texts.nothing}</span>;
  const more = page.next_cursor === null ? '' : '+';
  const refused = sumOf(page.data.filter(({ outcome }) => outcome === 'refused'));
  const accepted = sumOf(page.data) - refused;
  const text = (count: number) => `${count.toLocaleString()}${more}`;
  return (
    <span data-refused={refused > 0} className={styles.counts}>
      {texts.counts(text(accepted), text(refused))}
    </span>
  );
}

/** The time of the last webhook. */
export function LastReceived({ id }: Readonly<{ id: string }>) {
  const { data: page } = useDay(id);
  const last = page?.data[0];
  if (page === undefined) return null;
  return last === undefined ? (
    <span className={styles.soft}>{texts.noneToday}</span>
  ) : (
    <Time at={last.received_at} />
  );
}

type Refusals = Readonly<{ reason: string; count: number; last: string }>;

/** Returns the refusals by reason, the most frequent first. */
function byReason(entries: readonly Received[]): readonly Refusals[] {
  const found = new Map<string, Refusals>();
  for (const { reason, count, received_at } of entries) {
    if (reason === null) continue;
    const known = found.get(reason);
    // Newest first: the first entry has the last time.
    found.set(reason, { reason, count: (known?.count ?? 0) + count, last: known?.last ?? received_at });
  }
  return [...found.values()].toSorted((a, b) => b.count - a.count);
}

/** Refusals of the last day by reason, in words and with what to do; nothing if there are none. */
export function DayRefusals({ id }: Readonly<{ id: string }>) {
  const { data: page, error, refetch } = useDay(id, 'refused');
  const t = texts.refusals;
  if (error !== null && page === undefined)
    return <ErrorState error={error} onRetry={() => void refetch()} />;
  if (page === undefined || page.data.length === 0) return null;
  const isCut = page.next_cursor !== null;
  return (
    <section className={styles.section} aria-labelledby="refusals">
      <h2 id="refusals">{t.title}</h2>
      <div className={styles.box}>
        <SmallTable
          label={t.title}
          columns={[t.reason, t.count, t.last, t.todo]}
          rows={byReason(page.data).map(({ reason, count, last }) => [
            refusalWords(reason).what,
            isCut ? t.atLeast(count) : count.toLocaleString(),
            <Time key="last" at={last} />,
            <span key="todo" className={styles.todo}>
              {refusalWords(reason).todo}
            </span>,
          ])}
        />
      </div>
    </section>
  );
}
