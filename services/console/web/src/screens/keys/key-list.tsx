import { Link } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import type { Column } from '../../parts/list/data-table.tsx';
import { SelectFilter, TextFilter } from '../../parts/list/filter-bar.tsx';
import { useFilters } from '../../parts/list/filters.ts';
import { ListPage } from '../../parts/list/list-page.tsx';
import { usePages } from '../../parts/list/use-pages.ts';
import { ButtonLink } from '../../parts/page/button.tsx';
import { Time } from '../../parts/values/time.tsx';
import { keyFilters, states } from './key-filters.ts';
import { KeyState } from './key-state.tsx';
import { texts } from './texts.ts';

type Row = Schemas['ApiKey'];

const columnsOf = (workspace_id: string | undefined): readonly Column<Row>[] => [
  {
    name: texts.columns.name,
    width: 'minmax(0, 1.2fr)',
    isPlain: true,
    cell: ({ id, name }) => (
      <Link to="/keys/$id" params={{ id }} search={{ workspace_id } as never}>
        <ForeignText>{name ?? texts.unnamed}</ForeignText>
      </Link>
    ),
  },
  {
    name: texts.columns.state,
    width: '96px',
    isPlain: true,
    cell: ({ state }) => <KeyState state={state} />,
  },
  {
    name: texts.columns.scopes,
    width: 'minmax(0, 1.6fr)',
    cell: ({ scopes }) => <span title={scopes.join(', ')}>{scopes.join(', ')}</span>,
  },
  {
    name: texts.columns.consumer,
    width: 'minmax(0, 0.9fr)',
    cell: ({ consumer_id }) => (consumer_id === null ? texts.any : <ForeignText>{consumer_id}</ForeignText>),
  },
  {
    name: texts.columns.used,
    width: '118px',
    cell: ({ last_used_at }) => (last_used_at === null ? texts.neverUsed : <Time at={last_used_at} />),
  },
  {
    name: texts.columns.expires,
    width: '110px',
    cell: ({ expires_at }) => (expires_at === null ? texts.noExpiry : <Time at={expires_at} />),
  },
];

/** The keys of the workspace, newest first. */
export function Page() {
  const mayPlatform = useMay('platform');
  const [values, change] = useFilters(keyFilters);
  const { workspace_id } = values;
  const list = usePages<Row>({
    key: ['api-keys', values],
    fetchPage: async (page, signal) => {
      return dataOf(api.GET('/v1/webhooks/api-keys', { params: { query: { ...values, ...page } }, signal }));
    },
  });
  return (
    <ListPage
      texts={texts}
      list={list}
      columns={columnsOf(workspace_id)}
      values={values}
      change={change}
      actions={
        <ButtonLink to="/keys/new" search={{ workspace_id }} kind="primary">
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
      <TextFilter
        label={texts.filters.consumer}
        value={values.consumer_id}
        onChange={(consumer_id) => change({ consumer_id })}
      />
      {mayPlatform && (
        <TextFilter
          label={texts.filters.workspace}
          value={workspace_id}
          placeholder="ws_…"
          onChange={(next) => change({ workspace_id: next })}
        />
      )}
    </ListPage>
  );
}
