import { useQuery } from '@tanstack/react-query';
import { api, dataOf } from '../../api/client.ts';
import { FilterBar, TextFilter } from '../../parts/list/filter-bar.tsx';
import { useFilters } from '../../parts/list/filters.ts';
import { Button } from '../../parts/page/button.tsx';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { Empty, ErrorState, Loading } from '../../parts/page/states.tsx';
import { texts as shared } from '../../texts/index.ts';
import { SubscriptionGroup } from './subscription-group.tsx';
import { texts } from './texts.ts';
import styles from './undelivered.module.css';
import { undeliveredFilters } from './undelivered-filters.ts';

const refreshMs = 5_000;
// An answer that took long is costly, and remembered for longer.
const slow = { tookMs: 1_000, refreshMs: 15_000 };
const maxShown = 50;

/** The undelivered deliveries by subscription, those with the most first. It refreshes itself. */
export function Page() {
  const [values, change] = useFilters(undeliveredFilters);
  const isFiltered = Object.keys(values).length > 0;
  const clear = () => change({ consumer_id: undefined, subscription_id: undefined });
  const counts = useQuery({
    queryKey: ['undelivered', values],
    queryFn: async ({ signal }) => {
      const beganMs = performance.now();
      const query = { ...values, limit: maxShown };
      const found = await dataOf(
        api.GET('/v1/webhooks/deliveries/undelivered', { params: { query }, signal }),
      );
      return { ...found, isSlow: performance.now() - beganMs > slow.tookMs };
    },
    refetchInterval: ({ state }) =>
      state.data?.isSlow === true || state.status === 'error' ? slow.refreshMs : refreshMs,
  });
  const { data } = counts;
  return (
    <>
      <PageHeader title={texts.title} lead={texts.lead}>
        <Button onClick={() => void counts.refetch()} disabled={counts.isFetching}>
          {shared.table.refresh}
        </Button>
      </PageHeader>
      <FilterBar isFiltered={isFiltered} onClear={clear}>
        <TextFilter
          label={texts.filters.subscription}
          value={values.subscription_id}
          placeholder="sub_…"
          onChange={(subscription_id) => change({ subscription_id })}
        />
        <TextFilter
          label={texts.filters.consumer}
          value={values.consumer_id}
          onChange={(consumer_id) => change({ consumer_id })}
        />
      </FilterBar>
      {counts.isPending && <Loading />}
      {data === undefined && counts.isError && (
        <ErrorState error={counts.error} onRetry={() => void counts.refetch()} />
      )}
      {data?.total === 0 && (
        <Empty
          title={isFiltered ? texts.noMatchTitle : texts.emptyTitle}
          hint={isFiltered ? texts.noMatchHint : texts.emptyHint}
        >
          {isFiltered && <Button onClick={clear}>{shared.filters.clear}</Button>}
        </Empty>
      )}
      {data !== undefined && data.total > 0 && (
        <>
          <p className={styles.total}>
            {texts.total(data.total, data.subscription_count, data.is_truncated)}
          </p>
          <div className={styles.groups}>
            {data.data.map((group) => (
              <SubscriptionGroup key={group.subscription_id} group={group} />
            ))}
          </div>
          {data.subscription_count > data.data.length && (
            <p className={styles.total}>{texts.cut(data.data.length)}</p>
          )}
        </>
      )}
    </>
  );
}
