import { type ReactNode, useEffect, useRef } from 'react';
import { texts } from '../../texts/index.ts';
import { Button } from '../page/button.tsx';
import { ErrorState, Loading } from '../page/states.tsx';
import { Time } from '../values/time.tsx';
import styles from './data-table.module.css';
import { useRowWindow } from './row-window.ts';
import type { PagedList } from './use-pages.ts';

/** A column. `width`: a track of CSS grid, such as `120px` or `minmax(0, 2fr)`. */
export type Column<T> = Readonly<{
  name: string;
  width: string;
  cell: (row: T) => ReactNode;
  /** On narrow pages the name is shown before the value, unless the value says what it is. */
  isPlain?: boolean;
  isRight?: boolean;
}>;

type Props<T> = Readonly<{
  label: string;
  list: PagedList<T>;
  columns: readonly Column<T>[];
  rowKey: (row: T) => string;
  empty: ReactNode;
}>;

/**
 * A list of any length: only the rows in view are in the document, and pages are loaded as they come near. On
 * narrow pages each row is a card. The link in the first column covers its row.
 */
export function DataTable<T>({ label, list, columns, rowKey, empty }: Props<T>) {
  const { count, rowAt, show, error, isLoading, hasMore } = list;
  const body = useRef<HTMLDivElement>(null);
  const { first, last, rowHeight } = useRowWindow(body, count);
  useEffect(() => show({ first, last }), [show, first, last]);
  if (isLoading) return <Loading />;
  if (count === 0 && error !== null) return <ErrorState error={error} onRetry={list.reload} />;
  if (count === 0) return hasMore ? <TableFoot list={list} /> : empty;
  const tracks = { '--columns': columns.map(({ width }) => width).join(' ') } as React.CSSProperties;
  return (
    <div>
      <div
        role="table"
        aria-label={label}
        aria-rowcount={hasMore ? -1 : count + 1}
        className={styles.table}
        style={tracks}
      >
        <div role="rowgroup" className={styles.head}>
          <div role="row" aria-rowindex={1} className={styles.row}>
            {columns.map(({ name, isRight = false }) => (
              <div key={name} role="columnheader" data-right={isRight}>
                {name}
              </div>
            ))}
          </div>
        </div>
        <div ref={body} role="rowgroup" className={styles.body} style={{ height: count * rowHeight }}>
          {numbersFrom(first, Math.min(last, count - 1)).map((index) => {
            const row = rowAt(index);
            return (
              <div
                key={row === undefined ? index : rowKey(row)}
                role="row"
                aria-rowindex={index + 2}
                aria-busy={row === undefined}
                className={styles.row}
                style={{ minHeight: rowHeight, transform: `translateY(${index * rowHeight}px)` }}
              >
                {columns.map(({ name, cell, isPlain = false, isRight = false }) => (
                  <div key={name} role="cell" data-name={isPlain ? undefined : name} data-right={isRight}>
                    {row !== undefined && cell(row)}
                  </div>
                ))}
              </div>
            );
          })}
        </div>
      </div>
      <TableFoot list={list} />
    </div>
  );
}

const numbersFrom = (first: number, last: number): readonly number[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);

function TableFoot<T>({ list }: Readonly<{ list: PagedList<T> }>) {
  const { count, error, hasMore, scannedTo, isLoadingMore, loadMore } = list;
  if (error !== null) return <ErrorState error={error} onRetry={loadMore} />;
  return (
    <p className={styles.foot} role="status">
      {isLoadingMore ? (
        texts.table.loadingMore
      ) : hasMore && scannedTo !== null ? (
        <>
          {texts.table.searched(count)} <Time at={scannedTo} isExact />
          <Button onClick={loadMore}>{texts.table.searchOn}</Button>
        </>
      ) : hasMore ? (
        <Button onClick={loadMore}>{texts.table.more}</Button>
      ) : (
        texts.table.end(count)
      )}
    </p>
  );
}
