import type { ReactNode } from 'react';
import styles from './small-table.module.css';

type Props = Readonly<{
  label: string;
  columns: readonly string[];
  rows: readonly (readonly ReactNode[])[];
  /** Some cells are sentences or long names, which have to wrap. */
  isWordy?: boolean;
}>;

// A table of more columns does not fit on a narrow page.
const maxNarrowColumns = 3;

/** A table of a few rows. The first column is the header of its row. With many columns each row is a card where it is narrow. */
export function SmallTable({ label, columns, rows, isWordy = false }: Props) {
  return (
    // A region that scrolls must be reachable by the keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <div role="group" className={styles.scroll} aria-label={label} tabIndex={0}>
      <table
        className={styles.table}
        data-many={isWordy || columns.length > maxNarrowColumns}
        data-wordy={isWordy}
      >
        <thead>
          <tr>
            {columns.map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([first, ...others], at) => (
            <tr key={at}>
              <th scope="row">{first}</th>
              {others.map((cell, column) => (
                <td key={column} data-label={columns[column + 1]}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
