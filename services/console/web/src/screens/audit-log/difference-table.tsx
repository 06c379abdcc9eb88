import { LongData } from '../../parts/foreign/long-data.tsx';
import { visibleText } from '../../parts/foreign/visible-text.ts';
import type { Difference } from './audit-difference.ts';
import styles from './difference-table.module.css';
import { texts } from './texts.ts';

const longCharacters = 300;
const hidden = '***';

type Props = Readonly<{ label: string; differences: readonly Difference[]; isCreation: boolean }>;

/** The effect of a change: each field with its value before and after; of a creation only what it began with. */
export function DifferenceTable({ label, differences, isCreation }: Props) {
  return (
    <div role="table" aria-label={label} className={styles.table} data-single={isCreation}>
      <div role="row" className={`${styles.row} ${styles.head}`}>
        <span role="columnheader">{texts.field}</span>
        {!isCreation && <span role="columnheader">{texts.before}</span>}
        <span role="columnheader">{texts.after}</span>
      </div>
      {differences.map(({ field, removed, added }) => (
        <div key={field} role="row" className={styles.row}>
          <span role="rowheader" className={styles.name}>
            {visibleText(field)}
          </span>
          {!isCreation && <Values side="removed" field={field} values={removed} />}
          <Values side="added" field={field} values={added} />
        </div>
      ))}
    </div>
  );
}

type ValuesProps = Readonly<{ side: 'removed' | 'added'; field: string; values: readonly string[] }>;

function Values({ side, field, values }: ValuesProps) {
  return (
    <div role="cell" className={styles.value}>
      <span className={styles.label}>{side === 'removed' ? texts.before : texts.after}</span>
      {values.length === 0 && <span className={styles.none}>{texts.nothing}</span>}
      {values.map((value, at) =>
        value.length > longCharacters ? (
          <LongData key={at} text={value} name={field} />
        ) : (
          <code key={at} data-side={side}>
            <bdi>{value === hidden ? texts.hidden : visibleText(value)}</bdi>
          </code>
        ),
      )}
    </div>
  );
}
