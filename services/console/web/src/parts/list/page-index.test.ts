import { describe, expect, it } from 'vitest';
import {
  emptyIndex,
  hasUnread,
  knownRows,
  type PageIndex,
  pageOf,
  pagesFor,
  withPage,
} from './page-index.ts';

const read = (counts: readonly number[], isComplete = false): PageIndex =>
  counts.reduce<PageIndex>(
    (index, count, at) =>
      withPage(index, {
        at,
        count,
        nextCursor: isComplete && at === counts.length - 1 ? null : `after ${at}`,
      }),
    emptyIndex,
  );

describe('the index of the pages of a list', () => {
  it('grows by a page whose cursor the one before told, until there is none', () => {
    expect(knownRows(emptyIndex)).toBe(0);
    expect(hasUnread(emptyIndex)).toBe(true);
    const two = read([100, 40]);
    expect(two.pages.map(({ cursor, start }) => [cursor, start])).toEqual([
      [undefined, 0],
      ['after 0', 100],
      ['after 1', 140],
    ]);
    expect([knownRows(two), hasUnread(two)]).toEqual([140, true]);
    const all = read([100, 40], true);
    expect([knownRows(all), hasUnread(all), all.pages.length]).toEqual([140, false, 2]);
  });

  it('finds the page of a row among pages of any length, also empty ones', () => {
    const index = read([100, 0, 40, 100]);
    expect([0, 99, 100, 139, 140, 239, 240, 9_999].map((row) => pageOf(index, row))).toEqual([
      0, 0, 2, 2, 3, 3, 4, 4,
    ]);
  });

  it('moves what follows when a page is shorter than it was', () => {
    const shorter = withPage(read([100, 100, 100]), { at: 1, count: 90, nextCursor: 'after 1' });
    expect(shorter.pages.map(({ start }) => start)).toEqual([0, 100, 190, 290]);
    expect(shorter.pages.map(({ cursor }) => cursor)).toEqual([undefined, 'after 0', 'after 1', 'after 2']);
  });

  it('forgets what is behind a page that ends elsewhere than before', () => {
    const newer = withPage(read([100, 100, 100]), { at: 0, count: 100, nextCursor: 'another' });
    expect(newer.pages.map(({ cursor, count }) => [cursor, count])).toEqual([
      [undefined, 100],
      ['another', null],
    ]);
    const ended = withPage(read([100, 100]), { at: 0, count: 7, nextCursor: null });
    expect([knownRows(ended), hasUnread(ended)]).toEqual([7, false]);
  });

  it('stays the same object when nothing is new', () => {
    const index = read([100]);
    expect(withPage(index, { at: 0, count: 100, nextCursor: 'after 0' })).toBe(index);
    expect(withPage(index, { at: 9, count: 100, nextCursor: null })).toBe(index);
  });

  it('asks for the pages of the rows in view and of those nearby', () => {
    const index = read(Array.from({ length: 1_000 }, () => 100));
    expect(pagesFor(index, { rows: { first: 0, last: 30 }, ahead: 50, isAsked: false })).toEqual({
      first: 0,
      last: 0,
    });
    expect(pagesFor(index, { rows: { first: 70, last: 99 }, ahead: 50, isAsked: false })).toEqual({
      first: 0,
      last: 1,
    });
    expect(pagesFor(index, { rows: { first: 50_020, last: 50_050 }, ahead: 50, isAsked: false })).toEqual({
      first: 499,
      last: 501,
    });
    expect(pagesFor(index, { rows: { first: 99_980, last: 99_999 }, ahead: 50, isAsked: false })).toEqual({
      first: 999,
      last: 1_000,
    });
  });

  it('reads on behind a page that ended early only when somebody asks for it', () => {
    const early = { at: 0, count: 3, nextCursor: 'on', scannedTo: '2026-11-22T10:00:00Z' };
    const index = withPage(emptyIndex, early);
    expect(index.scannedTo).toBe('2026-11-22T10:00:00Z');
    const wanted = { rows: { first: 0, last: 2 }, ahead: 50 };
    expect(pagesFor(index, { ...wanted, isAsked: false })).toEqual({ first: 0, last: 0 });
    expect(pagesFor(index, { ...wanted, isAsked: true })).toEqual({ first: 0, last: 1 });
    const ended = withPage(index, { at: 1, count: 2, nextCursor: null, scannedTo: null });
    expect([ended.scannedTo, hasUnread(ended), knownRows(ended)]).toEqual([null, false, 5]);
    const full = withPage(index, { at: 1, count: 100, nextCursor: 'more', scannedTo: null });
    expect(pagesFor(full, { ...wanted, isAsked: false })).toEqual({ first: 0, last: 1 });
  });
});
