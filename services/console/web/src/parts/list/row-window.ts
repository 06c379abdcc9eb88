import { type RefObject, useCallback, useLayoutEffect, useState } from 'react';
import type { Range } from './page-index.ts';

/** The rows that are in the document, and the height of each, in pixels. */
export type RowWindow = Range & Readonly<{ rowHeight: number }>;

/** The place of a list: its top relative to that of the view, and the height of the view, in pixels. */
export type ListPlace = Readonly<{ count: number; rowHeight: number; top: number; viewHeight: number }>;

const minRowHeight = 37;
const beyondRows = 12;
// The rows change in steps, so that not every pixel that somebody scrolls renders them.
const stepRows = 4;

/** Returns the rows that are in view, with some beyond both of its edges. */
export function rowsInView({ count, rowHeight, top, viewHeight }: ListPlace): Range {
  const inStep = (row: number) => Math.floor(row / stepRows) * stepRows;
  const last = Math.max(0, count - 1);
  const within = (row: number) => Math.min(last, Math.max(0, row));
  return {
    first: within(inStep(-top / rowHeight) - beyondRows),
    last: within(inStep((viewHeight - top) / rowHeight) + stepRows + beyondRows),
  };
}

/**
 * Follows which rows of a list are in view as the page scrolls. All rows have one height, that of the highest: what is
 * kept does not grow with the list. `body` is the element of the rows, which are its children.
 */
export function useRowWindow(body: RefObject<HTMLElement | null>, count: number): RowWindow {
  // An object: each new one renders, and so measures, even if it has the height of the one before.
  const [{ rowHeight }, setMeasured] = useState({ rowHeight: minRowHeight });
  const [range, setRange] = useState<Range>({ first: 0, last: 0 });
  const follow = useCallback(() => {
    const top = body.current?.getBoundingClientRect().top;
    if (top === undefined) return;
    const next = rowsInView({ count, rowHeight, top, viewHeight: innerHeight });
    setRange((now) => (now.first === next.first && now.last === next.last ? now : next));
  }, [body, count, rowHeight]);
  useLayoutEffect(() => {
    follow();
    addEventListener('scroll', follow, { passive: true });
    // What is above the list may change its height, too.
    const observer = new ResizeObserver(follow);
    observer.observe(document.body);
    return () => {
      removeEventListener('scroll', follow);
      observer.disconnect();
    };
  }, [follow]);
  useLayoutEffect(() => {
    const begin = () => setMeasured({ rowHeight: minRowHeight });
    addEventListener('resize', begin);
    return () => removeEventListener('resize', begin);
  }, []);
  useLayoutEffect(() => {
    const heights = Array.from(body.current?.children ?? [], (row) => row.getBoundingClientRect().height);
    const highest = Math.max(minRowHeight, ...heights);
    if (highest > rowHeight) setMeasured({ rowHeight: highest });
  });
  return { ...range, rowHeight };
}
