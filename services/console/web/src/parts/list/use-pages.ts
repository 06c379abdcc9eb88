import { type QueryKey, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useMemo, useState } from 'react';
import {
  emptyIndex,
  hasUnread,
  knownRows,
  type PageIndex,
  pageOf,
  pagesFor,
  type Range,
  withPage,
} from './page-index.ts';

/** A page of a list of the API. `scanned_to`: the page ended there before it was full. */
export type Page<T> = Readonly<{
  data: readonly T[];
  next_cursor: string | null;
  scanned_to?: string | null;
}>;

/** A list of any length, of which only the pages near the view are held. */
export type PagedList<T> = Readonly<{
  /** The number of rows that are known so far. */
  count: number;
  /** Returns a row, or undefined while its page is read again. */
  rowAt: (index: number) => T | undefined;
  /** Says which rows are in view: their pages are read, and those far from it are forgotten. */
  show: (rows: Range) => void;
  isLoading: boolean;
  error: unknown;
  hasMore: boolean;
  /** The time back to which the last page was searched, if it ended early; null otherwise. */
  scannedTo: string | null;
  isLoadingMore: boolean;
  /** Reads on, or again what failed. */
  loadMore: () => void;
  /** Reads again what is in view, and what is not when it comes into view. */
  reload: () => void;
  isReloading: boolean;
}>;

/** The query parameters of a page of any list of the API. */
export type PageQuery = Readonly<{ limit: number; cursor?: string }>;

type Options<T> = Readonly<{
  key: readonly unknown[];
  fetchPage: (page: PageQuery, signal: AbortSignal) => Promise<Page<T>>;
  /** Rows of a page; default 100. */
  pageSize?: number;
  /** Milliseconds after which the first page is read again while the top of the list is in view. Default: never. */
  refreshMs?: number;
}>;

const aheadRows = 50;
const heldPages = 10;
const top: Range = { first: 0, last: 0 };
// What a page says of the list does not become old by itself: somebody asks for it again.
const lasting = { staleTime: Number.POSITIVE_INFINITY, structuralSharing: false } as const;

/**
 * Reads a list by its cursors as somebody scrolls. Rows far from the view are forgotten and, when somebody comes back,
 * read again by the cursor of their page: 100,000 rows need no more memory than the first thousand.
 */
export function usePages<T extends Readonly<{ id: string }>>({
  key,
  fetchPage,
  pageSize = 100,
  refreshMs,
}: Options<T>): PagedList<T> {
  const client = useQueryClient();
  const index = useIndex(key);
  const [rows, show] = useShownRows(key);
  const [asked, setAsked] = useState('');
  const next = index.pages.at(-1)?.cursor ?? '';
  const wanted = pagesFor(index, { rows, ahead: aheadRows, isAsked: asked === next });
  const source = useSource(key, fetchPage);
  const queries = useQueries({
    queries: numbersOf(wanted).map((at) => ({
      ...lasting,
      queryKey: pageKey(key, index, at),
      queryFn: reader(source, pageQuery(pageSize, index.pages[at]?.cursor)),
      refetchInterval: at === 0 && rows.first === 0 && refreshMs !== undefined ? refreshMs : (false as const),
    })),
  });
  useLearnedPages(key, { first: wanted.first, pages: queries.map(({ data }) => data) });
  useForgottenPages(key, wanted);
  const failed = queries.find(({ error }) => error !== null);
  const end = knownRows(index);
  const isLastWanted = wanted.last === index.pages.length - 1;
  const readOn = () => {
    setAsked(next);
    show({ first: end, last: end });
  };
  return {
    count: end,
    rowAt: (row) => {
      const at = pageOf(index, row);
      return queries[at - wanted.first]?.data?.data[row - (index.pages[at]?.start ?? 0)];
    },
    show,
    isLoading: index.pages[0]?.count === null && failed === undefined,
    error: failed?.error ?? null,
    hasMore: hasUnread(index),
    scannedTo: index.scannedTo,
    isLoadingMore: hasUnread(index) && isLastWanted && queries.at(-1)?.fetchStatus === 'fetching',
    loadMore: () => (failed === undefined ? readOn() : void failed.refetch()),
    reload: () => void client.invalidateQueries({ queryKey: [...key, 'page'] }),
    isReloading: queries.some(({ isRefetching }) => isRefetching),
  };
}

type FetchPage<T> = Options<T>['fetchPage'];
type Source<T> = { fetchPage: FetchPage<T> };

/** Returns what reads the pages of a list: one object for as long as the list is the same. */
function useSource<T>(key: QueryKey, fetchPage: FetchPage<T>): Source<T> {
  const list = JSON.stringify(key);
  // Another list has another source.
  const source = useMemo<Source<T>>(() => ({ fetchPage }), [list]);
  source.fetchPage = fetchPage;
  return source;
}

// Not in the component: a function of a rendering holds on to its pages, whose queries hold on to the function of the
// rendering before, and so on to every page that was ever read.
const reader =
  <T>(source: Source<T>, page: PageQuery) =>
  async ({ signal }: Readonly<{ signal: AbortSignal }>): Promise<Page<T>> =>
    source.fetchPage(page, signal);

const pageQuery = (limit: number, cursor: string | undefined): PageQuery => ({
  limit,
  ...(cursor === undefined ? {} : { cursor }),
});

const pageKey = (key: QueryKey, { pages }: PageIndex, at: number): QueryKey => [
  ...key,
  'page',
  pages[at]?.cursor ?? '',
  at,
];

const indexKey = (key: QueryKey): QueryKey => [...key, 'index'];

const numbersOf = ({ first, last }: Range): readonly number[] =>
  Array.from({ length: last - first + 1 }, (_, at) => first + at);

/** Returns the pages that are known. They are kept beside their data, for whoever comes back to the list. */
function useIndex(key: QueryKey): PageIndex {
  const { data } = useQuery({
    ...lasting,
    queryKey: indexKey(key),
    queryFn: () => emptyIndex,
    enabled: false,
    initialData: emptyIndex,
  });
  return data;
}

/** Keeps which rows are in view. Another list begins at its top. */
function useShownRows(key: QueryKey): readonly [Range, (rows: Range) => void] {
  const list = JSON.stringify(key);
  const [shown, setShown] = useState({ list, rows: top });
  const show = useCallback(
    (rows: Range) =>
      setShown((now) =>
        now.list === list && now.rows.first === rows.first && now.rows.last === rows.last
          ? now
          : { list, rows },
      ),
    [list],
  );
  return [shown.list === list ? shown.rows : top, show];
}

type Learned = Readonly<{ first: number; pages: readonly (Page<unknown> | undefined)[] }>;

/** Adds to the index what the pages that were read say: their length, and where the next begins. */
function useLearnedPages(key: QueryKey, { first, pages }: Learned): void {
  const client = useQueryClient();
  useEffect(() => {
    const learn = (index: PageIndex = emptyIndex) =>
      pages.reduce<PageIndex>(
        (now, page, at) =>
          page === undefined
            ? now
            : withPage(now, {
                at: first + at,
                count: page.data.length,
                nextCursor: page.next_cursor,
                scannedTo: page.scanned_to,
              }),
        index,
      );
    const index = client.getQueryData<PageIndex>(indexKey(key));
    const learned = learn(index);
    if (learned !== index) client.setQueryData(indexKey(key), learned);
  });
}

/** Forgets the pages that are far from those in view. */
function useForgottenPages(key: QueryKey, { first, last }: Range): void {
  const client = useQueryClient();
  const list = JSON.stringify(key);
  useEffect(() => {
    client.removeQueries({
      queryKey: [...(JSON.parse(list) as unknown[]), 'page'],
      type: 'inactive',
      predicate: ({ queryKey }) => {
        const at = Number(queryKey.at(-1));
        return at < first - heldPages || at > last + heldPages;
      },
    });
  }, [client, list, first, last]);
}
