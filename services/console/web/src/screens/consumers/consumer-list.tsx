import { Link } from '@tanstack/react-router';
import { problemOf } from '../../api/api-problem.ts';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import type { Column } from '../../parts/list/data-table.tsx';
import { SelectFilter, TextFilter } from '../../parts/list/filter-bar.tsx';
import { useFilters } from '../../parts/list/filters.ts';
import { ListPage } from '../../parts/list/list-page.tsx';
import { type Page as ApiPage, usePages } from '../../parts/list/use-pages.ts';
import { ButtonLink } from '../../parts/page/button.tsx';
import { Time } from '../../parts/values/time.tsx';
import { consumerFilters, states } from './consumer-filters.ts';
import { ConsumerState } from './consumer-state.tsx';
import { texts } from './texts.ts';

type Row = Schemas['Consumer'];

const columns: readonly Column<Row>[] = [
  {
    name: texts.columns.id,
    width: 'minmax(0, 1fr)',
    isPlain: true,
    cell: ({ id }) => (
      <Link to="/consumers/$id" params={{ id }}>
        <ForeignText>{id}</ForeignText>
      </Link>
    ),
  },
  {
    name: texts.columns.state,
    width: '110px',
    isPlain: true,
    cell: ({ state }) => <ConsumerState state={state} />,
  },
  {
    name: texts.columns.name,
    width: 'minmax(0, 1.2fr)',
    isPlain: true,
    cell: ({ name }) => (name === null ? texts.none : <ForeignText>{name}</ForeignText>),
  },
  {
    name: texts.columns.contact,
    width: 'minmax(0, 1.2fr)',
    isPlain: true,
    cell: ({ contact }) => (contact === null ? texts.none : <ForeignText>{contact}</ForeignText>),
  },
  {
    name: texts.columns.updated,
    width: '130px',
    cell: ({ updated_at }) => <Time at={updated_at} />,
  },
];

/** Reads one consumer as a page of a list: the API finds a consumer by its id, not by a part of it. */
async function pageOfOne(id: string, state: string | undefined, signal: AbortSignal): Promise<ApiPage<Row>> {
  try {
    const found = await dataOf(api.GET('/v1/webhooks/consumers/{id}', { params: { path: { id } }, signal }));
    return { data: state === undefined || found.state === state ? [found] : [], next_cursor: null };
  } catch (error) {
    // 400: no consumer can have such an id.
    const status = problemOf(error)?.status;
    if (status === 404 || status === 400) return { data: [], next_cursor: null };
    throw error;
  }
}

/** The consumers of the workspace by id. */
export function Page() {
  const mayCreate = useMay('admin');
  const [{ id, state }, change] = useFilters(consumerFilters);
  const list = usePages<Row>({
    key: ['consumers', { id, state }],
    fetchPage: async (page, signal) => {
      if (id !== undefined) return pageOfOne(id, state, signal);
      const query = { ...page, ...(state === undefined ? {} : { state }) };
      return dataOf(api.GET('/v1/webhooks/consumers', { params: { query }, signal }));
    },
  });
  const values = { ...(id === undefined ? {} : { id }), ...(state === undefined ? {} : { state }) };
  return (
    <ListPage
      texts={texts}
      list={list}
      columns={columns}
      values={values}
      change={change}
      actions={
        mayCreate && (
          <ButtonLink to="/consumers/new" kind="primary">
            {texts.create}
          </ButtonLink>
        )
      }
    >
      <TextFilter label={texts.filters.id} value={id} onChange={(next) => change({ id: next })} />
      <SelectFilter
        label={texts.filters.state}
        value={state}
        options={states}
        labelOf={(one) => texts.states[one]}
        onChange={(next) => change({ state: next })}
      />
    </ListPage>
  );
}
