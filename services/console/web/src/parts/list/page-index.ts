/** One page of a list: its cursor, the position of its first row, and its length once it has been read. */
type KnownPage = Readonly<{ cursor: string | undefined; start: number; count: number | null }>;

/** The pages of a list that are known so far: all but the last have been read, though not all are held. */
export type PageIndex = Readonly<{
  pages: readonly KnownPage[];
  /** The time back to which the last page that was read was searched, if it ended early; null otherwise. */
  scannedTo: string | null;
}>;

/** The index of a list of which nothing has been read. */
export const emptyIndex: PageIndex = {
  pages: [{ cursor: undefined, start: 0, count: null }],
  scannedTo: null,
};

/** Returns the number of rows that are known. */
export function knownRows({ pages }: PageIndex): number {
  const last = pages.at(-1);
  return last === undefined ? 0 : last.start + (last.count ?? 0);
}

/** Returns true if the list continues behind the rows that are known. */
export const hasUnread = ({ pages }: PageIndex): boolean => pages.at(-1)?.count === null;

type ReadPage = Readonly<{
  at: number;
  count: number;
  nextCursor: string | null;
  scannedTo?: string | null | undefined;
}>;

/**
 * Returns the index after a page was read. If it ends elsewhere than when it was read before, because newer rows have
 * moved its end, those behind it are forgotten: a row between the two would otherwise be in none.
 */
export function withPage(index: PageIndex, read: ReadPage): PageIndex {
  const { at, count, nextCursor, scannedTo = null } = read;
  const page = index.pages[at];
  if (page === undefined) return index;
  const next = index.pages[at + 1]?.cursor ?? null;
  if (page.count === count && next === nextCursor) return index;
  const behind: readonly KnownPage[] =
    next === nextCursor
      ? index.pages.slice(at + 1)
      : nextCursor === null
        ? []
        : [{ cursor: nextCursor, start: 0, count: null }];
  let start = 0;
  const pages = [...index.pages.slice(0, at), { ...page, count }, ...behind].map((one) => {
    const placed = { ...one, start };
    start += one.count ?? 0;
    return placed;
  });
  const isLastRead = at === index.pages.length - 1 || next !== nextCursor;
  return { pages, scannedTo: !isLastRead ? index.scannedTo : nextCursor === null ? null : scannedTo };
}

/** Returns the number of the page that has a row. A row behind the known ones is on the last. */
export function pageOf({ pages }: PageIndex, row: number): number {
  let [low, high] = [0, pages.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((pages[middle]?.start ?? 0) <= row) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** A range of rows or of pages, both ends included. */
export type Range = Readonly<{ first: number; last: number }>;

type Wanted = Readonly<{ rows: Range; ahead: number; isAsked: boolean }>;

/**
 * Returns the pages that must be at hand to show a range of rows, with `ahead` rows on both sides. A search that has
 * ended early goes on only when somebody asks for it: it may find nothing in all of the history.
 */
export function pagesFor(index: PageIndex, { rows, ahead, isAsked }: Wanted): Range {
  const unread = index.pages.length - 1;
  const end = hasUnread(index) && index.scannedTo !== null && !isAsked ? unread - 1 : unread;
  const last = Math.min(end, pageOf(index, rows.last + ahead));
  return { first: Math.min(last, pageOf(index, Math.max(0, rows.first - ahead))), last };
}
