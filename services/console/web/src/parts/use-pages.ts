import { useInfiniteQuery } from '@tanstack/react-query';

/** A page of a list of the API. `scanned_to`: the page ended there before it was full. */
export type Page<T> = Readonly<{
  data: readonly T[];
  next_cursor: string | null;
  scanned_to?: string | null;
}>;

/** A list that is read page by page as somebody scrolls. */
export type PagedList<T> = Readonly<{
  rows: readonly T[];
  isLoading: boolean;
  error: unknown;
  hasMore: boolean;
  /** The time back to which the last page was searched, if it ended early; null otherwise. */
  scannedTo: string | null;
  isLoadingMore: boolean;
  loadMore: () => void;
  reload: () => void;
  isReloading: boolean;
}>;

type Options<T> = Readonly<{
  key: readonly unknown[];
  fetchPage: (cursor: string | undefined, signal: AbortSignal) => Promise<Page<T>>;
}>;

/** Reads a list by its cursors. A row that an insertion has moved to the next page is shown once. */
export function usePages<T extends Readonly<{ id: string }>>({ key, fetchPage }: Options<T>): PagedList<T> {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: async ({ pageParam, signal }) => fetchPage(pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    refetchOnWindowFocus: false,
  });
  const all = query.data?.pages.flatMap(({ data }) => data) ?? [];
  const rows = [...new Map(all.map((row) => [row.id, row])).values()];
  return {
    rows,
    isLoading: query.isPending,
    error: query.error,
    hasMore: query.hasNextPage,
    scannedTo: query.data?.pages.at(-1)?.scanned_to ?? null,
    isLoadingMore: query.isFetchingNextPage,
    loadMore: () => {
      if (query.hasNextPage && !query.isFetching) void query.fetchNextPage();
    },
    reload: () => void query.refetch(),
    isReloading: query.isRefetching,
  };
}
