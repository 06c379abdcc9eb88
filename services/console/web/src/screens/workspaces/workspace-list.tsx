import { Link } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import type { Column } from '../../parts/list/data-table.tsx';
import { SelectFilter } from '../../parts/list/filter-bar.tsx';
import { useFilters } from '../../parts/list/filters.ts';
import { ListPage } from '../../parts/list/list-page.tsx';
import { usePages } from '../../parts/list/use-pages.ts';
import { ButtonLink } from '../../parts/page/button.tsx';
import { StatusBadge } from '../../parts/values/status-badge.tsx';
import { Time } from '../../parts/values/time.tsx';
import { texts } from './texts.ts';
import { states, workspaceFilters } from './workspace-filters.ts';

type Row = Schemas['Workspace'];

const columns: readonly Column<Row>[] = [
  {
    name: texts.columns.name,
    width: 'minmax(0, 1.2fr)',
    isPlain: true,
    cell: ({ id, name }) => (
      <Link to="/workspaces/$id" params={{ id }}>
        <ForeignText>{name}</ForeignText>
      </Link>
    ),
  },
  {
    name: texts.columns.state,
    width: '110px',
    isPlain: true,
    cell: ({ state }) => (
      <StatusBadge tone={state === 'active' ? 'good' : 'warn'}>{texts.states[state]}</StatusBadge>
    ),
  },
  {
    name: texts.columns.id,
    width: 'minmax(0, 1fr)',
    isPlain: true,
    cell: ({ id }) => <code title={id}>{id}</code>,
  },
  {
    name: texts.columns.policy,
    width: '110px',
    cell: ({ event_type_policy }) => texts.policies[event_type_policy],
  },
  {
    name: texts.columns.subscriptions,
    width: '140px',
    isRight: true,
    cell: ({ max_subscriptions }) => max_subscriptions.toLocaleString(),
  },
  {
    name: texts.columns.retention,
    width: '100px',
    isRight: true,
    cell: ({ retention_days }) =>
      retention_days === null ? texts.fromInstallation : texts.days(retention_days),
  },
  {
    name: texts.columns.created,
    width: '130px',
    cell: ({ created_at }) => <Time at={created_at} />,
  },
];

/** All workspaces by id. */
export function Page() {
  const [values, change] = useFilters(workspaceFilters);
  const list = usePages<Row>({
    key: ['workspaces', values],
    fetchPage: async (page, signal) => {
      return dataOf(
        api.GET('/v1/webhooks/workspaces', { params: { query: { ...values, ...page } }, signal }),
      );
    },
  });
  return (
    <ListPage
      texts={texts}
      list={list}
      columns={columns}
      values={values}
      change={change}
      actions={
        <ButtonLink to="/workspaces/new" kind="primary">
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
