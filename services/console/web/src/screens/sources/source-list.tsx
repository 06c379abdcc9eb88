import { Link } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import type { Column } from '../../parts/list/data-table.tsx';
import { SelectFilter } from '../../parts/list/filter-bar.tsx';
import { useFilters } from '../../parts/list/filters.ts';
import { ListPage } from '../../parts/list/list-page.tsx';
import { usePages } from '../../parts/list/use-pages.ts';
import { ButtonLink } from '../../parts/page/button.tsx';
import { providerLabel } from './providers.ts';
import { DayCounts, LastReceived } from './received-day.tsx';
import { sourceFilters, states } from './source-filters.ts';
import { SourceState } from './source-state.tsx';
import { texts } from './texts.ts';

type Row = Schemas['Source'];

const columns: readonly Column<Row>[] = [
  {
    name: texts.columns.name,
    width: 'minmax(0, 1.4fr)',
    isPlain: true,
    cell: ({ id, name }) => (
      <Link to="/sources/$id" params={{ id } as never}>
        <ForeignText>{name}</ForeignText>
      </Link>
    ),
  },
  {
    name: texts.columns.state,
    width: '110px',
    isPlain: true,
    cell: ({ state }) => <SourceState state={state} />,
  },
  {
    name: texts.columns.provider,
    width: 'minmax(0, 1fr)',
    isPlain: true,
    cell: ({ provider }) => providerLabel(provider),
  },
];
const receivedColumns: readonly Column<Row>[] = [
  { name: texts.columns.day, width: 'minmax(0, 1fr)', cell: ({ id }) => <DayCounts id={id} /> },
  { name: texts.columns.last, width: '130px', cell: ({ id }) => <LastReceived id={id} /> },
];

/** The sources of the workspace, newest first. */
export function Page() {
  const mayRead = useMay('deliveries:read');
  const [values, change] = useFilters(sourceFilters);
  const list = usePages<Row>({
    key: ['sources', values],
    fetchPage: async (page, signal) =>
      dataOf(api.GET('/v1/webhooks/sources', { params: { query: { ...page, ...values } }, signal })),
  });
  return (
    <ListPage
      texts={texts}
      list={list}
      columns={mayRead ? [...columns, ...receivedColumns] : columns}
      values={values}
      change={change}
      actions={
        <ButtonLink to="/sources/new" kind="primary">
          {texts.create}
        </ButtonLink>
      }
    >
      <SelectFilter
        label={texts.filters.state}
        value={values.state}
        options={states}
        labelOf={(one) => texts.states[one]}
        onChange={(state) => change({ state })}
      />
    </ListPage>
  );
}
