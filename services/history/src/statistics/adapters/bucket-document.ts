import type { Cell } from '../domain/cell.ts';
import { fieldName, none, textOfField } from '../domain/count-facts.ts';
import { countNames, histogramNames } from '../domain/fact.ts';
import type { BucketCell, BucketQuery } from '../ports.ts';

/** Counts by name, without those that are 0, and histograms as text, such as `12:3 13:5`: an object of bins costs MongoDB more than all else. */
type CellDocument = Readonly<Record<string, number | string>>;

/** A bucket as stored; see `CellsByPath` for its form. */
export type BucketDocument = Readonly<{
  _id: string;
  start: Date;
  expires: Date;
  applied: number;
  consumers?: Readonly<Record<string, CellDocument>>;
  rows?: Readonly<Record<string, Readonly<{ c?: string; t?: Readonly<Record<string, CellDocument>> }>>>;
  events?: Readonly<Record<string, Readonly<Record<string, CellDocument>>>>;
}>;

const numberAt = (document: CellDocument, name: string): number => {
  const value = document[name];
  return typeof value === 'number' ? value : 0;
};

const histogramOf = (text: unknown): ReadonlyMap<number, number> => {
  const histogram = new Map<number, number>();
  if (typeof text !== 'string' || text === '') return histogram;
  for (const entry of text.split(' ')) {
    const [bin, count] = entry.split(':');
    histogram.set(Number(bin), Number(count));
  }
  return histogram;
};

const cellOf = (document: CellDocument): Cell => ({
  counts: Object.fromEntries(countNames.map((name) => [name, numberAt(document, name)])),
  histograms: Object.fromEntries(histogramNames.map((name) => [name, histogramOf(document[name])])),
});

/** Returns a cell as stored. */
export const toCellDocument = ({ counts, histograms }: Cell): CellDocument => {
  const document: Record<string, number | string> = {};
  for (const name of countNames) {
    const count = counts[name] ?? 0;
    if (count > 0) document[name] = count;
  }
  for (const name of histogramNames) {
    const bins = [...(histograms[name] ?? [])].toSorted(([a], [b]) => a - b);
    if (bins.length > 0) document[name] = bins.map(([bin, count]) => `${bin}:${count}`).join(' ');
  }
  return document;
};

/** Returns all cells of a bucket by their paths. */
export const cellsByPath = ({
  consumers = {},
  rows = {},
  events = {},
}: BucketDocument): ReadonlyMap<string, Cell> => {
  const cells = new Map<string, Cell>();
  const add = (path: string, documents: Readonly<Record<string, CellDocument>>): void => {
    for (const [name, cell] of Object.entries(documents)) cells.set(`${path}.${name}`, cellOf(cell));
  };
  add('consumers', consumers);
  for (const [subscription, { t = {} }] of Object.entries(rows)) add(`rows.${subscription}.t`, t);
  for (const [consumer, types] of Object.entries(events)) add(`events.${consumer}`, types);
  return cells;
};

type Query = Pick<BucketQuery, 'ownerId' | 'subscriptionId' | 'isByRow'>;

/** Yields the cells of a bucket that a query selects. */
export function* cellsOf(
  { start, consumers = {}, rows = {}, events = {} }: BucketDocument,
  { ownerId, subscriptionId, isByRow }: Query,
): Generator<BucketCell> {
  const startMs = start.getTime();
  const owner = ownerId === null ? null : fieldName(ownerId);
  const isVisible = (consumer: string): boolean => owner === null || owner === consumer;
  const only = subscriptionId === undefined ? null : fieldName(subscriptionId);
  if (!isByRow) {
    for (const [consumer, cell] of Object.entries(consumers)) {
      if (!isVisible(consumer)) continue;
      const consumerId = textOfField(consumer);
      yield { startMs, consumerId, subscriptionId: null, eventType: null, cell: cellOf(cell) };
    }
    return;
  }
  for (const [subscription, { c = none, t = {} }] of Object.entries(rows)) {
    if (!isVisible(c) || (only !== null && only !== subscription)) continue;
    const ids = { startMs, consumerId: textOfField(c), subscriptionId: textOfField(subscription) };
    for (const [type, cell] of Object.entries(t)) {
      yield { ...ids, eventType: textOfField(type), cell: cellOf(cell) };
    }
  }
  if (only !== null) return;
  for (const [consumer, types] of Object.entries(events)) {
    if (!isVisible(consumer)) continue;
    const ids = { startMs, consumerId: textOfField(consumer), subscriptionId: null };
    for (const [type, cell] of Object.entries(types)) {
      yield { ...ids, eventType: textOfField(type), cell: cellOf(cell) };
    }
  }
}
