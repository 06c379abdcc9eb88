import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { type Column, DataTable } from '../../parts/list/data-table.tsx';
import { FilterBar, SelectFilter, TextFilters } from '../../parts/list/filter-bar.tsx';
import { useFilters } from '../../parts/list/filters.ts';
import { SinceFilter } from '../../parts/list/since-filter.tsx';
import { useRangeStart } from '../../parts/list/time-range.ts';
import { usePages } from '../../parts/list/use-pages.ts';
import { Button } from '../../parts/page/button.tsx';
import { Empty } from '../../parts/page/states.tsx';
import { StatusBadge } from '../../parts/values/status-badge.tsx';
import { Time } from '../../parts/values/time.tsx';
import { texts as shared } from '../../texts/index.ts';
import { refusalWords } from './refusal-words.ts';
import { outcomes, reasons, receivedFilters } from './source-filters.ts';
import styles from './sources.module.css';
import { texts } from './texts.ts';

type Row = Schemas['ReceivedWebhook'];
const t = texts.received;

const tones = { accepted: 'good', repeated: 'quiet', checked: 'quiet', refused: 'bad' } as const;

const What = ({ reason, type, count, event_count }: Row) => (
  <span className={styles.clip}>
    {reason !== null ? refusalWords(reason).what : type !== null && <ForeignText>{type}</ForeignText>}
    {count > 1 && <> · {t.times(count)}</>}
    {event_count > 1 && <> {t.more(event_count - 1)}</>}
  </span>
);

const columns: readonly Column<Row>[] = [
  {
    name: t.columns.at,
    width: '150px',
    isPlain: true,
    cell: ({ received_at, event_ids: [event] }) =>
      event === undefined ? (
        <Time at={received_at} />
      ) : (
        <Link to="/events/$id" params={{ id: event } as never}>
          <Time at={received_at} />
        </Link>
      ),
  },
  {
    name: t.columns.outcome,
    width: '120px',
    isPlain: true,
    cell: ({ outcome, spooled }) => (
      <span title={spooled ? t.spooled : undefined}>
        <StatusBadge tone={tones[outcome]}>{t.outcomes[outcome]}</StatusBadge>
        {spooled && ` ${t.spooledMark}`}
      </span>
    ),
  },
  { name: t.columns.what, width: 'minmax(0, 1.6fr)', isPlain: true, cell: (row) => <What {...row} /> },
  {
    name: t.columns.theirs,
    width: 'minmax(0, 1fr)',
    cell: ({ provider_id }) =>
      provider_id !== null && (
        <span className={styles.clip}>
          <ForeignText>{provider_id}</ForeignText>
        </span>
      ),
  },
  {
    name: t.columns.delivered,
    width: '100px',
    cell: ({ deliveries }) => deliveries !== null && t.delivered(deliveries.delivered, deliveries.total),
  },
  {
    name: t.columns.size,
    width: '100px',
    cell: ({ size_bytes }) => (size_bytes === null ? t.unread : `${size_bytes.toLocaleString()} B`),
  },
];

/** The log of what a source received, with filters. */
export function ReceivedList({ id }: Readonly<{ id: string }>) {
  const [values, change] = useFilters(receivedFilters);
  const { since, ...filters } = values;
  const received_after = useRangeStart(since);
  const list = usePages<Row>({
    key: ['received', id, { ...filters, received_after }],
    fetchPage: async (page, signal) => {
      const query = { ...page, ...filters, ...(received_after === undefined ? {} : { received_after }) };
      const params = { path: { id }, query };
      return dataOf(api.GET('/v1/webhooks/sources/{id}/received', { params, signal }));
    },
  });
  const client = useQueryClient();
  const refresh = (): void => {
    list.reload();
    void client.invalidateQueries({ queryKey: ['received-day', id] });
  };
  const isFiltered = Object.keys(values).length > 0;
  const clear = () => change(Object.fromEntries(Object.keys(values).map((name) => [name, undefined])));
  return (
    <section className={styles.section} aria-labelledby="received">
      <h2 id="received">{t.title}</h2>
      <FilterBar isFiltered={isFiltered} onClear={clear}>
        <SelectFilter
          label={texts.filters.outcome}
          value={values.outcome}
          options={outcomes}
          labelOf={(one) => t.outcomes[one]}
          onChange={(outcome) => change({ outcome })}
        />
        <SelectFilter
          label={texts.filters.reason}
          value={values.reason}
          options={reasons}
          labelOf={(one) => refusalWords(one).what}
          onChange={(reason) => change({ reason })}
        />
        <TextFilters
          filters={[
            ['type', texts.filters.type, undefined],
            ['event_id', texts.filters.event, 'evt_…'],
          ]}
          values={values}
          change={change}
        />
        <SinceFilter label={texts.filters.since} value={since} onChange={(next) => change({ since: next })} />
        <Button onClick={refresh} disabled={list.isReloading}>
          {shared.table.refresh}
        </Button>
      </FilterBar>
      <DataTable
        label={t.title}
        list={list}
        columns={columns}
        rowKey={({ id: key }) => key}
        empty={
          isFiltered ? (
            <Empty title={t.noMatch} hint={t.noMatchHint} />
          ) : (
            <Empty title={t.empty} hint={t.emptyHint} />
          )
        }
      />
    </section>
  );
}
