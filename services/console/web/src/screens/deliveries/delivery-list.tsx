import { Link } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import type { Entry } from '../../app/entry.ts';
import { useSession } from '../../app/session-context.ts';
import { DeliveryStatus } from '../../parts/delivery/delivery-status.tsx';
import { ErasedMark } from '../../parts/delivery/erased-mark.tsx';
import { answerWords } from '../../parts/delivery/failure-words.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import type { Column } from '../../parts/list/data-table.tsx';
import { SelectFilter, TextFilter } from '../../parts/list/filter-bar.tsx';
import { useFilters } from '../../parts/list/filters.ts';
import { ListPage } from '../../parts/list/list-page.tsx';
import { SinceFilter } from '../../parts/list/since-filter.tsx';
import { useRangeStart } from '../../parts/list/time-range.ts';
import { usePages } from '../../parts/list/use-pages.ts';
import { ButtonLink } from '../../parts/page/button.tsx';
import { SubscriptionName } from '../../parts/values/subscription-name.tsx';
import { Time } from '../../parts/values/time.tsx';
import { texts as shared } from '../../texts/index.ts';
import { deliveryFilters, statusClasses, statuses, triggers } from './delivery-filters.ts';
import { RetryAll } from './retry-all.tsx';
import { texts } from './texts.ts';

type Row = Schemas['DeliverySummary'];

const columns: readonly Column<Row>[] = [
  {
    name: texts.columns.event,
    width: 'minmax(0, 1.5fr)',
    isPlain: true,
    cell: ({ id, event_type }) => (
      <Link to="/deliveries/$id" params={{ id }}>
        <ForeignText>{event_type}</ForeignText>
      </Link>
    ),
  },
  {
    name: texts.columns.status,
    width: '150px',
    isPlain: true,
    cell: ({ status, erased }) => (
      <>
        <DeliveryStatus status={status} /> {erased && <ErasedMark />}
      </>
    ),
  },
  {
    name: texts.columns.last,
    width: 'minmax(0, 1fr)',
    cell: ({ last_status_code, last_reason, attempt_count }) =>
      attempt_count === 0 ? '–' : answerWords(last_status_code, last_reason),
  },
  { name: texts.columns.attempts, width: '76px', isRight: true, cell: ({ attempt_count }) => attempt_count },
  {
    name: texts.columns.subscription,
    width: 'minmax(0, 1fr)',
    cell: ({ subscription_id }) => <SubscriptionName id={subscription_id} />,
  },
  {
    name: texts.columns.created,
    width: '130px',
    isPlain: true,
    cell: ({ created_at }) => <Time at={created_at} />,
  },
];

// To a partner a subscription is an endpoint.
const portalColumns = columns.map((column) =>
  column.name === texts.columns.subscription ? { ...column, name: texts.portal.endpoint } : column,
);

/** The list of deliveries with its filters. */
export function Page() {
  const { entry } = useSession();
  const [values, change] = useFilters(deliveryFilters);
  const { since, reason, ...rest } = values;
  const createdAfter = useRangeStart(since);
  const query = {
    ...rest,
    ...(reason === undefined ? {} : { reason: reason as never }),
    ...(createdAfter === undefined ? {} : { created_after: createdAfter }),
  };
  const list = usePages<Row>({
    key: ['deliveries', query],
    fetchPage: async (page, signal) => {
      return dataOf(api.GET('/v1/webhooks/deliveries', { params: { query: { ...query, ...page } }, signal }));
    },
  });
  return (
    <ListPage
      texts={entry === 'portal' ? { ...texts, ...texts.portal } : texts}
      list={list}
      columns={entry === 'portal' ? portalColumns : columns}
      values={values}
      change={change}
      actions={list.count > 0 && <ListActions entry={entry} query={query} />}
    >
      <SelectFilter
        label={texts.filters.status}
        value={values.status}
        options={statuses}
        labelOf={(one) => shared.status[one]}
        onChange={(status) => change({ status })}
      />
      <SelectFilter
        label={texts.filters.answer}
        value={values.status_class}
        options={statusClasses}
        labelOf={(one) => texts.answers[one]}
        onChange={(status_class) => change({ status_class })}
      />
      <SelectFilter
        label={texts.filters.trigger}
        value={values.trigger}
        options={triggers}
        labelOf={(one) => texts.triggers[one]}
        onChange={(trigger) => change({ trigger })}
      />
      <SinceFilter label={texts.filters.since} value={since} onChange={(next) => change({ since: next })} />
      <TextFilter
        label={texts.filters.type}
        value={values.event_type}
        placeholder={texts.filters.typePlaceholder}
        onChange={(event_type) => change({ event_type })}
      />
      <TextFilter
        label={entry === 'portal' ? texts.portal.endpoint : texts.filters.subscription}
        value={values.subscription_id}
        placeholder="sub_…"
        onChange={(subscription_id) => change({ subscription_id })}
      />
      <TextFilter
        label={texts.filters.event}
        value={values.event_id}
        placeholder="evt_…"
        onChange={(event_id) => change({ event_id })}
      />
      {entry === 'operator' && (
        <TextFilter
          label={texts.filters.consumer}
          value={values.consumer_id}
          onChange={(consumer_id) => change({ consumer_id })}
        />
      )}
    </ListPage>
  );
}

type ActionProps = Readonly<{ entry: Entry; query: Readonly<Record<string, string>> }>;

/** Actions on all that the filters find. */
const ListActions = ({ entry, query }: ActionProps) => (
  <>
    {entry === 'operator' && (
      <ButtonLink to="/exports/new" search={{ of: 'deliveries', filter: `${new URLSearchParams(query)}` }}>
        {texts.export}
      </ButtonLink>
    )}
    {entry === 'operator' && <RetryAll filter={query} />}
  </>
);
