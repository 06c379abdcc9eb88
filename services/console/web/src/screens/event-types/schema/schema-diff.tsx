import { useMemo } from 'react';
import type { Schemas } from '../../../api/client.ts';
import { ForeignText } from '../../../parts/foreign/foreign-text.tsx';
import { prettyText, visibleText } from '../../../parts/foreign/visible-text.ts';
import { StatusBadge, type Tone } from '../../../parts/values/status-badge.tsx';
import styles from '../event-types.module.css';
import { texts } from '../texts.ts';
import { FieldWords } from './field-table.tsx';
import { type DiffLine, diffLines, withoutEqual } from './line-diff.ts';
import { compareFields, type FieldChange } from './schema-fields.ts';

type Version = Schemas['EventTypeSchema'];

/** The differences between two schemas, from the older to the newer one: by field, and line by line. */
export function SchemaDiff({ one, another }: Readonly<{ one: Version; another: Version }>) {
  const [older, newer] = one.version < another.version ? [one, another] : [another, one];
  const t = texts.diff;
  const changes = useMemo(() => compareFields(older.schema, newer.schema), [older, newer]);
  return (
    <div className={styles.diff}>
      <h3>{t.title(older.version, newer.version)}</h3>
      {changes.length === 0 ? <p className={styles.note}>{t.equalFields}</p> : <Changes changes={changes} />}
      <h3>{t.text}</h3>
      <Lines older={older} newer={newer} />
    </div>
  );
}

const tones: Readonly<Record<FieldChange['kind'], Tone>> = { added: 'good', removed: 'bad', changed: 'warn' };

function Changes({ changes }: Readonly<{ changes: readonly FieldChange[] }>) {
  const t = texts.diff;
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          {Object.values(t.columns).map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {changes.map(({ path, kind, before, after }) => (
          <tr key={path}>
            <th scope="row">
              <code>
                <ForeignText>{path === '' ? '·' : path}</ForeignText>
              </code>
            </th>
            <td>
              <StatusBadge tone={tones[kind]}>{t.kinds[kind]}</StatusBadge>
            </td>
            <td data-name={t.columns.before}>{before === null ? '–' : <FieldWords field={before} />}</td>
            <td data-name={t.columns.after}>{after === null ? '–' : <FieldWords field={after} />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Lines({ older, newer }: Readonly<{ older: Version; newer: Version }>) {
  const parts = useMemo(() => {
    const [before, after] = [older, newer].map(({ schema }) => prettyText(JSON.stringify(schema)));
    return withoutEqual(diffLines(before ?? '', after ?? ''));
  }, [older, newer]);
  if (parts.every((part) => 'leftOut' in part)) return <p className={styles.note}>{texts.diff.equal}</p>;
  return (
    // It scrolls on narrow pages, so that the keyboard must reach it.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls
    <div className={styles.lines} role="group" aria-label={texts.diff.text} tabIndex={0} dir="ltr">
      {parts.map((part, at) =>
        'leftOut' in part ? (
          <p key={at} className={styles.leftOut}>
            {texts.diff.unchanged(part.leftOut)}
          </p>
        ) : (
          part.lines.map((line) => <Line key={`${line.older} ${line.newer}`} line={line} />)
        ),
      )}
    </div>
  );
}

const marks = { same: ' ', removed: '−', added: '+' } as const;

function Line({ line: { kind, text, older, newer } }: Readonly<{ line: DiffLine }>) {
  return (
    <div className={styles.line} data-kind={kind}>
      <span aria-hidden="true">{older}</span>
      <span aria-hidden="true">{newer}</span>
      <span aria-hidden="true">{marks[kind]}</span>
      <code>
        {kind !== 'same' && (
          <span className="hidden-text">
            {kind === 'added' ? texts.diff.addedLine : texts.diff.removedLine}
          </span>
        )}
        {visibleText(text)}
      </code>
    </div>
  );
}
