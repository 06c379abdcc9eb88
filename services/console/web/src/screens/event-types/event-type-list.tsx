import { Link } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay, useSession } from '../../app/session-context.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import type { Column } from '../../parts/list/data-table.tsx';
import { SelectFilter, TextFilter } from '../../parts/list/filter-bar.tsx';
import { useFilters } from '../../parts/list/filters.ts';
import { ListPage } from '../../parts/list/list-page.tsx';
import { usePages } from '../../parts/list/use-pages.ts';
import { ButtonLink } from '../../parts/page/button.tsx';
import { Time } from '../../parts/values/time.tsx';
import { eventTypeFilters, listedStates } from './event-type-filters.ts';
import { ExportMenu } from './export-menu.tsx';
import { StateBadge } from './state-badge.tsx';
import { texts } from './texts.ts';

type Row = Schemas['EventType'] & Readonly<{ id: string }>;

const columns: readonly Column<Row>[] = [
  {
    name: texts.columns.name,
    width: 'minmax(0, 1.2fr)',
    isPlain: true,
    cell: ({ name }) => (
      <Link to="/event-types/$name" params={{ name }}>
        {name}
      </Link>
    ),
  },
  {
    name: texts.columns.state,
    width: '120px',
    isPlain: true,
    cell: ({ state }) => <StateBadge state={state} />,
  },
  {
    name: texts.columns.description,
    width: 'minmax(0, 2fr)',
    isPlain: true,
    cell: ({ description }) => (description === null ? '–' : <ForeignText>{description}</ForeignText>),
  },
  {
    name: texts.columns.group,
    width: 'minmax(0, 0.7fr)',
    isPlain: true,
    cell: ({ group }) => (group === null ? '–' : <ForeignText>{group}</ForeignText>),
  },
  {
    name: texts.columns.schema,
    width: '90px',
    cell: ({ active_schema }) => (active_schema === null ? texts.noSchema : texts.version(active_schema)),
  },
  {
    name: texts.columns.updated,
    width: '130px',
    isPlain: true,
    cell: ({ updated_at }) => <Time at={updated_at} />,
  },
];

/** The list of event types with its filters. */
export function Page() {
  const [values, change] = useFilters(eventTypeFilters);
  const isPortal = useSession().entry === 'portal';
  const list = usePages<Row>({
    key: ['event-types', values],
    fetchPage: async (page, signal) => {
      const query = { ...values, ...page };
      const read = await dataOf(api.GET('/v1/webhooks/event-types', { params: { query }, signal }));
      return { ...read, data: read.data.map((type) => ({ ...type, id: type.name })) };
    },
  });
  const words = isPortal ? { ...texts, lead: texts.portalLead, emptyHint: texts.portalEmptyHint } : texts;
  // A consumer sees active and deprecated types only.
  const states = isPortal
    ? listedStates.filter((one) => one === 'active' || one === 'deprecated')
    : listedStates;
  return (
    <ListPage
      texts={words}
      list={list}
      columns={columns}
      values={values}
      change={change}
      actions={<Actions isPortal={isPortal} />}
    >
      <TextFilter
        label={texts.filters.search}
        placeholder={texts.filters.searchPlaceholder}
        value={values.search}
        onChange={(search) => change({ search })}
      />
      <TextFilter label={texts.filters.group} value={values.group} onChange={(group) => change({ group })} />
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

function Actions({ isPortal }: Readonly<{ isPortal: boolean }>) {
  const mayChange = useMay('admin') && !isPortal;
  return (
    <>
      <ExportMenu />
      {mayChange && <ButtonLink to="/event-types/import">{texts.import}</ButtonLink>}
      {mayChange && (
        <ButtonLink to="/event-types/new-type" kind="primary">
          {texts.create}
        </ButtonLink>
      )}
    </>
  );
}
