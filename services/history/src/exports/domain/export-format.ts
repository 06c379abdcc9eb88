import { csvLine, valueAt } from './csv.ts';
import { jsonLine } from './raw-json.ts';

/** The formats of files. */
export const exportFormats = ['csv', 'ndjson'] as const;
/** See {@link exportFormats}. */
export type ExportFormat = (typeof exportFormats)[number];

/** Converts rows to the text of a file. */
export type RowWriter = Readonly<{
  /** Returns the beginning of the file. */
  header(): string;
  row(row: object): string;
}>;

const byteOrderMark = '\ufeff';

/**
 * Returns the writer of a format. `columns`: paths of fields, `a.b` for a field in another. `hasBom`: a CSV file begins
 * with a byte order mark, by which Excel recognises UTF-8.
 */
export const rowWriter = (
  format: ExportFormat,
  columns: readonly string[],
  { hasBom }: Readonly<{ hasBom: boolean }>,
): RowWriter => {
  if (format === 'ndjson') return { header: () => '', row: jsonLine };
  const paths = columns.map((column) => column.split('.'));
  const names = columns.map((column) => column.replaceAll('.', '_'));
  return {
    header: () => `${hasBom ? byteOrderMark : ''}${csvLine(names)}`,
    row: (row) => csvLine(paths.map((path) => valueAt(row, path))),
  };
};
