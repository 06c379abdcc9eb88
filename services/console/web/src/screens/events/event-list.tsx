import { Link } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { ErasedMark } from '../../parts/delivery/erased-mark.tsx';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import type { Column } from '../../parts/list/data-table.tsx';
import { TextFilters } from '../../parts/list/filter-bar.tsx';
import { useFilters } from '../../parts/list/filters.ts';
import { ListPage } from '../../parts/list/list-page.tsx';
import { SinceFilter } from '../../parts/list/since-filter.tsx';
import { useRangeStart } from '../../parts/list/time-range.ts';
import { usePages } from '../../parts/list/use-pages.ts';
import { Time } from '../../parts/values/time.tsx';
import { DeliveryCounts } from './delivery-counts.tsx';
import { eventFilters } from './event-filters.ts';
import { texts } from './texts.ts';

type Row = Schemas['EventSummary'];

const columns: readonly Column<Row>[] = [
  {
    name: texts.columns.type,
    width: 'minmax(0, 1.5fr)',
    isPlain: true,
    cell: ({ id, type }) => (
      <Link to="/events/$id" params={{ id }}>
        <ForeignText>{type}</ForeignText>
      </Link>
    ),
  },
  {
    name: texts.columns.deliveries,
    width: 'minmax(0, 1fr)',
    isPlain: true,
    cell: ({ deliveries, erased }) => (
      <>
        <DeliveryCounts counts={deliveries} /> {erased && <ErasedMark />}
      </>
    ),
  },
  {
    name: texts.columns.consumer,
    width: 'minmax(0, 0.8fr)',
    cell: ({ consumer_id }) =>
      consumer_id === null ? texts.everybody : <ForeignText>{consumer_id}</ForeignText>,
  },
  {
    name: texts.columns.size,
    width: '80px',
    isRight: true,
    cell: ({ size_bytes }) => texts.bytes(size_bytes),
  },
  {
    name: texts.columns.accepted,
    width: '130px',
    isPlain: true,
    cell: ({ accepted_at }) => <Time at={accepted_at} />,
  },
];

const textFilters = [
  ['type', texts.filters.type, texts.filters.typePlaceholder],
  ['text', texts.filters.text, undefined],
  ['consumer_id', texts.filters.consumer, undefined],
  ['ordering_key', texts.filters.key, undefined],
  ['caller_id', texts.filters.caller, undefined],
  ['source', texts.filters.source, undefined],
] as const;

/** The list of events with its filters. */
export function Page() {
  const [values, change] = useFilters(eventFilters);
  const { since, ...rest } = values;
  const acceptedAfter = useRangeStart(since);
  const query = { ...rest, ...(acceptedAfter === undefined ? {} : { accepted_after: acceptedAfter }) };
  const list = usePages<Row>({
    key: ['events', query],
    fetchPage: async (page, signal) => {
      return dataOf(api.GET('/v1/webhooks/events', { params: { query: { ...query, ...page } }, signal }));
    },
  });
  return (
    <ListPage texts={texts} list={list} columns={columns} values={values} change={change}>
      <SinceFilter label={texts.filters.since} value={since} onChange={(next) => change({ since: next })} />
      <TextFilters filters={textFilters} values={values} change={change} />
    </ListPage>
  );
}
