import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay, useSession } from '../../app/session-context.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import type { Column } from '../../parts/list/data-table.tsx';
import { SelectFilter, TextFilter } from '../../parts/list/filter-bar.tsx';
import { useFilters } from '../../parts/list/filters.ts';
import { ListPage } from '../../parts/list/list-page.tsx';
import { usePages } from '../../parts/list/use-pages.ts';
import { ButtonLink } from '../../parts/page/button.tsx';
import { percentText } from '../../parts/values/percent-text.ts';
import { Time } from '../../parts/values/time.tsx';
import { useNames } from './names.ts';
import { type Breaker, useBreakers } from './queries.ts';
import { subscriptionFilters } from './subscription-filters.ts';
import styles from './subscription-list.module.css';
import { SubscriptionState } from './subscription-state.tsx';
import { texts } from './texts.ts';

type Row = Schemas['Subscription'];
type Rates = ReadonlyMap<string, number | null>;

const states = ['active', 'disabled', 'deleted'] as const;
const badRate = 0.9;

/** The list of subscriptions, with the state and the health of each. */
export function Page() {
  const { entry } = useSession();
  const names = useNames();
  const mayWrite = useMay('subscriptions:write');
  const [values, change] = useFilters(subscriptionFilters);
  const breakers = useBreakers();
  const rates = useSuccessRates();
  const columns = useMemo(
    () => columnsOf({ breakers, rates, hasConsumers: entry === 'operator' }),
    [breakers, rates, entry],
  );
  const list = usePages<Row>({
    key: ['subscriptions', values],
    fetchPage: async (page, signal) => {
      const query = { ...values, ...page };
      return dataOf(api.GET('/v1/webhooks/subscriptions', { params: { query }, signal }));
    },
  });
  const { consumer_id } = values;
  const search = consumer_id === undefined ? {} : { search: { consumer_id } };
  return (
    <ListPage
      texts={names}
      list={list}
      columns={columns}
      values={values}
      change={change}
      actions={
        mayWrite && (
          <ButtonLink to="/subscriptions/new" kind="primary" {...search}>
            {names.create}
          </ButtonLink>
        )
      }
    >
      <SelectFilter
        label={texts.filters.state}
        value={values.state}
        options={states}
        labelOf={(one) => texts.states[one]}
        onChange={(state) => change({ state })}
      />
      <TextFilter
        label={texts.filters.event}
        value={values.event}
        placeholder={texts.filters.eventPlaceholder}
        onChange={(event) => change({ event })}
      />
      {entry === 'operator' && (
        <TextFilter
          label={texts.filters.consumer}
          value={consumer_id}
          onChange={(next) => change({ consumer_id: next })}
        />
      )}
    </ListPage>
  );
}

/** Reads the success rate of each subscription in the last 24 hours; none for those without attempts. */
function useSuccessRates(): Rates {
  const { data } = useQuery({
    queryKey: ['statistics', 'by-subscription'],
    queryFn: async ({ signal }) => {
      const query = { group_by: 'subscription', granularity: 'hour', limit: 1_000 } as const;
      return dataOf(api.GET('/v1/webhooks/stats', { params: { query }, signal }));
    },
    enabled: useMay('deliveries:read'),
    retry: false,
  });
  return useMemo(
    () =>
      new Map(
        data?.groups?.map(({ subscription_id, success_rate }) => [subscription_id ?? '', success_rate]),
      ),
    [data],
  );
}

type ColumnParts = Readonly<{
  breakers: ReadonlyMap<string, Breaker>;
  rates: Rates;
  hasConsumers: boolean;
}>;

function columnsOf({ breakers, rates, hasConsumers }: ColumnParts): readonly Column<Row>[] {
  const t = texts.columns;
  const consumer: Column<Row> = {
    name: t.consumer,
    width: 'minmax(0, 0.7fr)',
    cell: ({ consumer_id }) => (consumer_id === null ? '–' : <ForeignText>{consumer_id}</ForeignText>),
  };
  return [
    {
      name: t.endpoint,
      width: 'minmax(0, 2fr)',
      isPlain: true,
      cell: ({ id, endpoint_url }) => (
        <Link to="/subscriptions/$id" params={{ id }} title={endpoint_url}>
          <ForeignText>{endpoint_url}</ForeignText>
        </Link>
      ),
    },
    {
      name: t.state,
      width: '170px',
      isPlain: true,
      cell: (row) => <SubscriptionState subscription={row} isCircuitOpen={breakers.has(row.id)} />,
    },
    {
      name: t.events,
      width: 'minmax(0, 1fr)',
      cell: ({ events }) => <ForeignText>{events.join(', ')}</ForeignText>,
    },
    ...(hasConsumers ? [consumer] : []),
    {
      name: t.success,
      width: '96px',
      isRight: true,
      cell: ({ id }) => <SuccessRate rate={rates.get(id) ?? null} />,
    },
    {
      name: t.last,
      width: '130px',
      cell: ({ last_delivery_at }) => <Time at={last_delivery_at} />,
    },
  ];
}

function SuccessRate({ rate }: Readonly<{ rate: number | null }>) {
  if (rate === null) return '–';
  return <span className={rate < badRate ? styles.bad : undefined}>{percentText(rate)}</span>;
}
