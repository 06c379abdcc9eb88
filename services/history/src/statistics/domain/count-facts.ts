import { type Cell, CellSum } from './cell.ts';
import type { Fact } from './fact.ts';

/**
 * The cells of one document by their paths in it:
 *
 *   { applied, consumers: { <consumer>: CELL }, rows: { <subscription>: { c: <consumer>, t: { <type>: CELL } } },
 *     events: { <consumer>: { <type>: CELL } } }
 *
 * `consumers` holds the sums of `rows` and `events`, so that the figures of a workspace or consumer are read without
 * them.
 */
export type CellsByPath = Map<string, CellSum>;

/** Changes of a document by a batch: cells in their new state, and the paths and values of `c`. */
export type ChangedCells = Readonly<{
  cells: ReadonlyMap<string, Cell>;
  owners: ReadonlyMap<string, string>;
}>;

/** The name of a missing consumer, and of the types beyond {@link maxRows}. No text is written like this. */
export const none = '%';

/**
 * The maximum number of cells by subscription and event type in one document. Further types of a subscription are
 * counted together, so a document stays small. The order of the log decides, so a rebuild decides the same.
 */
export const maxRows = 2_000;

/** Returns a text as the name of a field: without `.`, a leading `$` or `__`, control characters or lone surrogates. */
export const fieldName = (text: string | null): string =>
  text === null
    ? none
    : encodeURIComponent(text.replace(/\p{Surrogate}/gu, '\ufffd'))
        .replaceAll('.', '%2E')
        .replace(/^__/, '%5F%5F');

/** Returns the text of a field name; null for {@link none}. */
export const textOfField = (name: string): string | null => (name === none ? null : decodeURIComponent(name));

/** Returns the path of the cells by type that a fact belongs to. */
const groupOf = ({ subscriptionId, consumerId }: Fact): string =>
  subscriptionId === null ? `events.${fieldName(consumerId)}` : `rows.${fieldName(subscriptionId)}.t`;

const rowPathOf = (fact: Fact, cells: CellsByPath): string => {
  const group = groupOf(fact);
  const typed = `${group}.${fieldName(fact.eventType)}`;
  // The cells of consumers are few beside the rows.
  return cells.has(typed) || cells.size < maxRows ? typed : `${group}.${none}`;
};

/** The sum of the facts of one row, which are then added to its cells. */
type Row = Readonly<{ first: Fact; sum: CellSum; cells: readonly CellSum[] }>;

const isSameRow = (a: Fact, b: Fact): boolean =>
  a.subscriptionId === b.subscriptionId && a.consumerId === b.consumerId && a.eventType === b.eventType;

const openRow = (fact: Fact, cells: CellsByPath, paths: Set<string>): Row => {
  const cellAt = (path: string): CellSum => {
    const cell = cells.get(path) ?? new CellSum();
    cells.set(path, cell);
    paths.add(path);
    return cell;
  };
  const path = rowPathOf(fact, cells);
  return {
    first: fact,
    sum: new CellSum(),
    cells: [cellAt(path), cellAt(`consumers.${fieldName(fact.consumerId)}`)],
  };
};

const changedBy = (paths: ReadonlySet<string>, cells: CellsByPath): ReadonlyMap<string, Cell> => {
  const changed = new Map<string, Cell>();
  for (const path of paths) {
    const sum = cells.get(path);
    if (sum !== undefined) changed.set(path, sum.cell);
  }
  return changed;
};

/** Adds facts to the cells of their document. Returns what has changed. */
export const countFacts = (facts: readonly Fact[], cells: CellsByPath): ChangedCells => {
  // Paths are made for each row, not for each fact: they would cost more than everything else.
  const rows = new Map<string, Row>();
  const paths = new Set<string>();
  let row: Row | undefined;
  for (const fact of facts) {
    if (row === undefined || !isSameRow(row.first, fact)) {
      const id = JSON.stringify([fact.subscriptionId, fact.consumerId, fact.eventType]);
      row = rows.get(id) ?? openRow(fact, cells, paths);
      rows.set(id, row);
    }
    row.sum.count(fact);
  }
  const owners = new Map<string, string>();
  for (const { first, sum, cells: sums } of rows.values()) {
    for (const cell of sums) cell.add(sum.cell);
    const { subscriptionId, consumerId } = first;
    if (subscriptionId !== null) owners.set(`rows.${fieldName(subscriptionId)}.c`, fieldName(consumerId));
  }
  return { cells: changedBy(paths, cells), owners };
};
