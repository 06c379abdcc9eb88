import type { TenantScope } from '../domain/tenant-scope.ts';
import type { ExportSpec } from './domain/export-spec.ts';

/** The rows that an export covers. */
export type RowRequest = TenantScope & Pick<ExportSpec, 'filter' | 'poison' | 'beforeMs'>;

/**
 * A page of rows as the API shows them. `read`: the number of stored objects that they come from. `next`: the position
 * behind the page; null at the end.
 */
export type RowPage = Readonly<{ rows: readonly object[]; read: number; next: unknown }>;

/** A source of rows, newest first. Positions are JSON values and never change, so no page skips or repeats an object. */
export type RowSource = Readonly<{
  /** The columns of a CSV file: paths of fields of the rows. */
  columns: readonly string[];
  /** Throws AppError `unprocessable` for a filter that the list of the same objects would not accept. */
  check(request: RowRequest): void;
  /** Counts the stored objects; null if counting them would be to read them all. */
  count(request: RowRequest): Promise<number | null>;
  /** Reads the next page; its rows together have at most a few megabytes. */
  read(request: RowRequest, after: unknown): Promise<RowPage>;
}>;
