import type { ReactNode } from 'react';
import { texts as shared } from '../../texts/index.ts';
import { Button } from '../page/button.tsx';
import { PageHeader } from '../page/page-header.tsx';
import { Empty } from '../page/states.tsx';
import { type Column, DataTable } from './data-table.tsx';
import { FilterBar } from './filter-bar.tsx';
import type { PagedList } from './use-pages.ts';

type Props<T> = Readonly<{
  texts: Readonly<{
    title: string;
    lead: string;
    emptyTitle: string;
    emptyHint: string;
    noMatchTitle: string;
    noMatchHint: string;
  }>;
  list: PagedList<T>;
  columns: readonly Column<T>[];
  /** The values of the filters, and what changes them: see useFilters. */
  values: Readonly<Record<string, unknown>>;
  change: (next: Readonly<Record<string, undefined>>) => void;
  /** Buttons and links beside the title, such as one that creates what is listed; also shown where nothing is yet. */
  actions?: ReactNode;
  /** The filters. */
  children: ReactNode;
}>;

/** A page that is a list with filters: what is shown above it, and what instead of it when it is empty. */
export function ListPage<T extends Readonly<{ id: string }>>(props: Props<T>) {
  const { texts, list, columns, values, change, actions, children } = props;
  const names = Object.keys(values);
  const isFiltered = names.length > 0;
  const clear = () => change(Object.fromEntries(names.map((name) => [name, undefined])));
  return (
    <>
      <PageHeader title={texts.title} lead={texts.lead}>
        <Button onClick={list.reload} disabled={list.isReloading}>
          {shared.table.refresh}
        </Button>
        {actions}
      </PageHeader>
      <FilterBar isFiltered={isFiltered} onClear={clear}>
        {children}
      </FilterBar>
      <DataTable
        label={texts.title}
        list={list}
        columns={columns}
        rowKey={({ id }) => id}
        empty={
          isFiltered ? (
            <Empty title={texts.noMatchTitle} hint={texts.noMatchHint}>
              <Button onClick={clear}>{shared.filters.clear}</Button>
            </Empty>
          ) : (
            <Empty title={texts.emptyTitle} hint={texts.emptyHint}>
              {actions}
            </Empty>
          )
        }
      />
    </>
  );
}
