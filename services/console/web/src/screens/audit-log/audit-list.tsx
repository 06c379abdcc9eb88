import { Link } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import type { Column } from '../../parts/list/data-table.tsx';
import { SelectFilter, TextFilter } from '../../parts/list/filter-bar.tsx';
import { useFilters } from '../../parts/list/filters.ts';
import { ListPage } from '../../parts/list/list-page.tsx';
import { SinceFilter } from '../../parts/list/since-filter.tsx';
import { useRangeStart } from '../../parts/list/time-range.ts';
import { usePages } from '../../parts/list/use-pages.ts';
import { KeyName } from '../../parts/values/key-name.tsx';
import { Time } from '../../parts/values/time.tsx';
import { auditFilters, kinds } from './audit-filters.ts';
import { changeWords, objectName } from './audit-words.ts';
import { texts } from './texts.ts';

type Row = Schemas['AuditEntry'];

const columns: readonly Column<Row>[] = [
  {
    name: texts.columns.what,
    width: 'minmax(0, 1.1fr)',
    isPlain: true,
    cell: (entry) => (
      <Link to="/audit-log/$id" params={{ id: entry.id }}>
        {changeWords(entry)}
      </Link>
    ),
  },
  {
    name: texts.columns.object,
    width: 'minmax(0, 1.2fr)',
    isPlain: true,
    cell: (entry) => (
      <code title={entry.entity_id}>
        <ForeignText>{objectName(entry)}</ForeignText>
      </code>
    ),
  },
  {
    name: texts.columns.fields,
    width: 'minmax(0, 1.2fr)',
    cell: ({ before, after }) => {
      const names = Object.keys(after)
        .map((name) => name.replace(/_ms$/, ''))
        .join(', ');
      if (before === null) return texts.all;
      return names === '' ? texts.none : <ForeignText>{names}</ForeignText>;
    },
  },
  {
    name: texts.columns.who,
    width: 'minmax(0, 1fr)',
    cell: ({ actor }) => (actor.key_id === null ? texts.tidings : <KeyName id={actor.key_id} />),
  },
  { name: texts.columns.at, width: '130px', isPlain: true, cell: ({ at }) => <Time at={at} /> },
];

/** The audit log with its filters. */
export function Page() {
  const [values, change] = useFilters(auditFilters);
  const { since, ...rest } = values;
  const after = useRangeStart(since);
  const query = {
    ...rest,
    ...(after === undefined ? {} : { after }),
  };
  const list = usePages<Row>({
    key: ['audit-log', query],
    fetchPage: async (page, signal) => {
      return dataOf(api.GET('/v1/webhooks/audit-log', { params: { query: { ...query, ...page } }, signal }));
    },
  });
  return (
    <ListPage texts={texts} list={list} columns={columns} values={values} change={change}>
      <SelectFilter
        label={texts.filters.kind}
        value={values.kind}
        options={kinds}
        labelOf={(one) => texts.kinds[one] ?? one}
        onChange={(next) => change({ kind: next })}
      />
      <SinceFilter label={texts.filters.since} value={since} onChange={(next) => change({ since: next })} />
      <TextFilter
        label={texts.filters.entity}
        value={values.entity_id}
        placeholder={texts.filters.entityPlaceholder}
        onChange={(entity_id) => change({ entity_id })}
      />
      <TextFilter
        label={texts.filters.key}
        value={values.key_id}
        placeholder="key_…"
        onChange={(key_id) => change({ key_id })}
      />
    </ListPage>
  );
}
