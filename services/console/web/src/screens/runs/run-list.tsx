import { Link } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { ErasedMark } from '../../parts/delivery/erased-mark.tsx';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import type { Column } from '../../parts/list/data-table.tsx';
import { SelectFilter, TextFilters } from '../../parts/list/filter-bar.tsx';
import { useFilters } from '../../parts/list/filters.ts';
import { ListPage } from '../../parts/list/list-page.tsx';
import { SinceFilter } from '../../parts/list/since-filter.tsx';
import { useRangeStart } from '../../parts/list/time-range.ts';
import { usePages } from '../../parts/list/use-pages.ts';
import { RunStatus } from '../../parts/runs/run-status.tsx';
import { Time } from '../../parts/values/time.tsx';
import { runTexts } from '../../texts/runs.ts';
import { OrderAll } from './order-all.tsx';
import { reasons, runFilters, statuses } from './run-filters.ts';
import { texts } from './texts.ts';

type Row = Schemas['RunSummary'];

const columns: readonly Column<Row>[] = [
  {
    name: texts.columns.handler,
    width: 'minmax(0, 1.2fr)',
    isPlain: true,
    cell: ({ id, handler }) => (
      <Link to="/runs/$id" params={{ id }}>
        <ForeignText>{handler}</ForeignText>
      </Link>
    ),
  },
  {
    name: texts.columns.status,
    width: '150px',
    isPlain: true,
    cell: ({ status, erased }) => (
      <>
        <RunStatus status={status} /> {erased && <ErasedMark />}
      </>
    ),
  },
  {
    name: texts.columns.app,
    width: 'minmax(0, 0.8fr)',
    cell: ({ app }) => <ForeignText>{app}</ForeignText>,
  },
  {
    name: texts.columns.event,
    width: 'minmax(0, 1fr)',
    cell: ({ event_type }) => <ForeignText>{event_type}</ForeignText>,
  },
  {
    name: texts.columns.steps,
    width: 'minmax(0, 1.2fr)',
    isPlain: true,
    cell: ({ step_counts }) => texts.stepCounts(step_counts),
  },
  {
    name: texts.columns.started,
    width: '130px',
    isPlain: true,
    cell: ({ started_at }) => <Time at={started_at} />,
  },
];

const textFilters = [
  ['app', texts.filters.app, undefined],
  ['handler', texts.filters.handler, undefined],
  ['event_id', texts.filters.event, 'evt_…'],
  ['ordering_key', texts.filters.key, undefined],
  ['step', texts.filters.step, undefined],
  ['consumer_id', texts.filters.consumer, undefined],
] as const;

const refreshMs = 5_000;

/** The list of runs with its filters. Its top is read again by itself. */
export function Page() {
  const [values, change] = useFilters(runFilters);
  const { since, ...rest } = values;
  const after = useRangeStart(since);
  const query = { ...rest, ...(after === undefined ? {} : { started_after: after }) };
  const list = usePages<Row>({
    key: ['runs', query],
    refreshMs,
    fetchPage: async (page, signal) =>
      dataOf(api.GET('/v1/webhooks/runs', { params: { query: { ...query, ...page } }, signal })),
  });
  return (
    <ListPage
      texts={texts}
      list={list}
      columns={columns}
      values={values}
      change={change}
      actions={list.count > 0 && <OrderAll query={query} />}
    >
      <SelectFilter
        label={texts.filters.status}
        value={values.status}
        options={statuses}
        labelOf={(one) => runTexts.statuses[one]}
        onChange={(status) => change({ status })}
      />
      <SelectFilter
        label={texts.filters.reason}
        value={values.reason}
        options={reasons}
        labelOf={(one) => texts.reasons[one]}
        onChange={(reason) => change({ reason })}
      />
      <SinceFilter label={texts.filters.since} value={since} onChange={(next) => change({ since: next })} />
      <TextFilters filters={textFilters} values={values} change={change} />
    </ListPage>
  );
}
