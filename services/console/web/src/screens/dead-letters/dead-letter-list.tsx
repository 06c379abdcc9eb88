import { Link } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { ErasedMark } from '../../parts/delivery/erased-mark.tsx';
import { answerWords } from '../../parts/delivery/failure-words.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import type { Column } from '../../parts/list/data-table.tsx';
import { SelectFilter, TextFilters } from '../../parts/list/filter-bar.tsx';
import { useFilters } from '../../parts/list/filters.ts';
import { ListPage } from '../../parts/list/list-page.tsx';
import { SinceFilter } from '../../parts/list/since-filter.tsx';
import { useRangeStart } from '../../parts/list/time-range.ts';
import { usePages } from '../../parts/list/use-pages.ts';
import { ButtonLink } from '../../parts/page/button.tsx';
import { SubscriptionName } from '../../parts/values/subscription-name.tsx';
import { Time } from '../../parts/values/time.tsx';
import { BulkActions } from './bulk-actions.tsx';
import { DeadLetterCounts } from './dead-letter-counts.tsx';
import { deadLetterFilters, kinds, reasons, states } from './dead-letter-filters.ts';
import { DeadLetterState } from './dead-letter-state.tsx';
import { texts } from './texts.ts';

type Row = Schemas['DeadLetter'];

const columns: readonly Column<Row>[] = [
  {
    name: texts.columns.what,
    width: 'minmax(0, 1.3fr)',
    isPlain: true,
    cell: ({ id, event_type }) => (
      <Link to="/dead-letters/$id" params={{ id }}>
        <ForeignText>{event_type ?? texts.poison}</ForeignText>
      </Link>
    ),
  },
  {
    name: texts.columns.state,
    width: '150px',
    isPlain: true,
    cell: ({ state, erased }) => (
      <>
        <DeadLetterState state={state} /> {erased && <ErasedMark />}
      </>
    ),
  },
  {
    name: texts.columns.reason,
    width: 'minmax(0, 1fr)',
    isPlain: true,
    cell: ({ reason }) => texts.reasons[reason],
  },
  {
    name: texts.columns.last,
    width: 'minmax(0, 0.9fr)',
    cell: ({ last_status_code, last_error, attempt_count }) =>
      attempt_count === 0 ? '–' : answerWords(last_status_code, last_error),
  },
  {
    name: texts.columns.subscription,
    width: 'minmax(0, 1fr)',
    cell: ({ subscription_id }) =>
      subscription_id === null ? '–' : <SubscriptionName id={subscription_id} />,
  },
  {
    name: texts.columns.recorded,
    width: '130px',
    isPlain: true,
    cell: ({ recorded_at }) => <Time at={recorded_at} />,
  },
];

const textFilters = [
  ['event_type', texts.filters.type, undefined],
  ['subscription_id', texts.filters.subscription, 'sub_…'],
  ['event_id', texts.filters.event, 'evt_…'],
  ['consumer_id', texts.filters.consumer, undefined],
] as const;

/** The list of dead letters with its filters, its counts, and what can be done with all that they find. */
export function Page() {
  const isAdmin = useMay('admin');
  const [values, change] = useFilters(deadLetterFilters);
  const { since, state, reason, ...rest } = values;
  const after = useRangeStart(since);
  const others = { ...rest, ...(after === undefined ? {} : { recorded_after: after }) };
  const filter = { ...others, ...(reason === undefined ? {} : { reason }) };
  const query = { ...filter, ...(state === undefined ? {} : { state }) };
  const list = usePages<Row>({
    key: ['dead-letters', query],
    fetchPage: async (page, signal) => {
      return dataOf(
        api.GET('/v1/webhooks/dead-letters', { params: { query: { ...query, ...page } }, signal }),
      );
    },
  });
  const actions = list.count > 0 && (
    <>
      <ButtonLink
        to="/exports/new"
        search={{ of: 'dead_letters', filter: `${new URLSearchParams(query as Record<string, string>)}` }}
      >
        {texts.export}
      </ButtonLink>
      <BulkActions filter={filter} />
    </>
  );
  return (
    <ListPage texts={texts} list={list} columns={columns} values={values} change={change} actions={actions}>
      <DeadLetterCounts
        query={others as Record<string, string>}
        reason={reason}
        onPick={(next) => change({ reason: next, state: next === undefined ? undefined : 'waiting' })}
      />
      <SelectFilter
        label={texts.filters.state}
        value={state}
        options={states}
        labelOf={(one) => texts.states[one]}
        onChange={(next) => change({ state: next })}
      />
      <SelectFilter
        label={texts.filters.reason}
        value={reason}
        options={reasons}
        labelOf={(one) => texts.reasons[one]}
        onChange={(next) => change({ reason: next })}
      />
      {isAdmin && (
        <SelectFilter
          label={texts.filters.kind}
          value={values.kind}
          options={kinds}
          labelOf={(one) => texts.kinds[one]}
          onChange={(kind) => change({ kind })}
        />
      )}
      <SinceFilter label={texts.filters.since} value={since} onChange={(next) => change({ since: next })} />
      <TextFilters filters={textFilters} values={values} change={change} />
    </ListPage>
  );
}
