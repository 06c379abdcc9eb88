import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { type ReactNode, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { texts } from '../texts/index.ts';
import { Button } from './button.tsx';
import styles from './data-table.module.css';
import { ErrorState, Loading } from './states.tsx';
import { Time } from './time.tsx';
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

const rowHeight = 37;
const loadAheadRows = 20;

/**
 * A list of any length: only the rows in view are in the document, and further pages are loaded as they come near. On
 * narrow pages each row is a card. The link in the first column covers its row.
 */
export function DataTable<T>({ label, list, columns, rowKey, empty }: Props<T>) {
  const { rows, error, isLoading, hasMore, scannedTo, isLoadingMore, loadMore } = list;
  const body = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const measure = () => setTop((body.current?.getBoundingClientRect().top ?? 0) + scrollY);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, []);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => rowHeight,
    overscan: 12,
    scrollMargin: top,
    getItemKey: (at) => rowKey(rows[at] as T),
  });
  const items = virtual.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  useEffect(() => {
    // A search that has ended early goes on when somebody asks for it: it may find nothing in all of the history.
    const isAhead = hasMore && scannedTo === null && rows.length > 0;
    if (isAhead && lastShown >= rows.length - loadAheadRows) loadMore();
  }, [hasMore, scannedTo, rows.length, lastShown, loadMore]);
  if (isLoading) return <Loading />;
  if (rows.length === 0 && error === null && hasMore)
    return <TableFoot list={list} isLoadingMore={isLoadingMore} />;
  if (rows.length === 0) return error === null ? empty : <ErrorState error={error} onRetry={list.reload} />;
  const tracks = { '--columns': columns.map(({ width }) => width).join(' ') } as React.CSSProperties;
  return (
    <div>
      <div
        role="table"
        aria-label={label}
        aria-rowcount={hasMore ? -1 : rows.length + 1}
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
        <div ref={body} role="rowgroup" className={styles.body} style={{ height: virtual.getTotalSize() }}>
          {items.map(({ index, key, start }) => (
            <div
              key={key}
              ref={virtual.measureElement}
              data-index={index}
              role="row"
              aria-rowindex={index + 2}
              className={styles.row}
              style={{ transform: `translateY(${start - top}px)` }}
            >
              {columns.map(({ name, cell, isPlain = false, isRight = false }) => (
                <div key={name} role="cell" data-name={isPlain ? undefined : name} data-right={isRight}>
                  {cell(rows[index] as T)}
                </div>
              ))}
            </div>
          ))}
        </div>
      </div>
      <TableFoot list={list} isLoadingMore={isLoadingMore} />
    </div>
  );
}

function TableFoot<T>({ list, isLoadingMore }: Readonly<{ list: PagedList<T>; isLoadingMore: boolean }>) {
  const { rows, error, hasMore, scannedTo, loadMore, reload } = list;
  if (error !== null) return <ErrorState error={error} onRetry={hasMore ? loadMore : reload} />;
  return (
    <p className={styles.foot} role="status">
      {isLoadingMore ? (
        texts.table.loadingMore
      ) : hasMore && scannedTo !== null ? (
        <>
          {texts.table.searched(rows.length)} <Time at={scannedTo} isExact />
          <Button onClick={loadMore}>{texts.table.searchOn}</Button>
        </>
      ) : hasMore ? (
        <Button onClick={loadMore}>{texts.table.more}</Button>
      ) : (
        texts.table.end(rows.length)
      )}
    </p>
  );
}
