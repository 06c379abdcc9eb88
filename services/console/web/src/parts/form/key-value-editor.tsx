import { useId, useRef } from 'react';
import { texts } from '../../texts/index.ts';
import { Button } from '../page/button.tsx';
import fieldStyles from './field.module.css';
import styles from './key-value-editor.module.css';

/** A name with its value. `isKept`: the value is secret and stored, was never shown, and stays as it is. */
export type KeyValue = Readonly<{ name: string; value: string; isSecret: boolean; isKept: boolean }>;

const emptyRow: KeyValue = { name: '', value: '', isSecret: false, isKept: false };

type Props = Readonly<{
  label: string;
  hint?: string;
  rows: readonly KeyValue[];
  onChange: (rows: readonly KeyValue[]) => void;
  faultOf?: (row: KeyValue) => string | undefined;
  /** The error of the whole. */
  error?: string | undefined;
  /** A row can be marked as secret: its value is not shown any more once it is stored. */
  canBeSecret?: boolean;
  nameLabel: string;
  addLabel: string;
}>;

/** Edits names and values, such as header fields. A secret value that is stored can be replaced or removed, not seen. */
export function KeyValueEditor(props: Props) {
  const { label, hint, rows, onChange, faultOf, error, canBeSecret = false, nameLabel, addLabel } = props;
  const group = useRef<HTMLFieldSetElement>(null);
  const change = (at: number, next: Partial<KeyValue>) =>
    onChange(rows.map((row, index) => (index === at ? { ...row, ...next } : row)));
  const remove = (at: number) => {
    onChange(rows.filter((_, index) => index !== at));
    // The button that had the focus is gone.
    group.current?.querySelector<HTMLElement>('[data-add]')?.focus();
  };
  return (
    <fieldset ref={group} className={styles.group}>
      <legend>{label}</legend>
      {hint !== undefined && <p className={fieldStyles.hint}>{hint}</p>}
      {rows.map((row, at) => (
        <Row
          key={at}
          row={row}
          at={at}
          nameLabel={nameLabel}
          canBeSecret={canBeSecret}
          fault={faultOf?.(row)}
          onChange={(next) => change(at, next)}
          onRemove={() => remove(at)}
        />
      ))}
      {error !== undefined && (
        <p className={fieldStyles.error} role="alert">
          {error}
        </p>
      )}
      <div>
        <Button size="small" data-add onClick={() => onChange([...rows, emptyRow])}>
          {addLabel}
        </Button>
      </div>
    </fieldset>
  );
}

type RowProps = Readonly<{
  row: KeyValue;
  at: number;
  nameLabel: string;
  canBeSecret: boolean;
  fault: string | undefined;
  onChange: (next: Partial<KeyValue>) => void;
  onRemove: () => void;
}>;

function Row({ row, at, nameLabel, canBeSecret, fault, onChange, onRemove }: RowProps) {
  const { name, value, isSecret, isKept } = row;
  const id = useId();
  const place = name === '' ? `${nameLabel} ${at + 1}` : name;
  const common = {
    className: fieldStyles.control,
    spellCheck: false,
    autoComplete: 'off',
    'aria-invalid': fault === undefined ? undefined : true,
    'aria-describedby': fault === undefined ? undefined : id,
  } as const;
  return (
    <div className={styles.row}>
      <input
        {...common}
        aria-label={`${nameLabel} ${at + 1}`}
        placeholder={nameLabel}
        value={name}
        // Under another name it would be another header, whose value nobody has given.
        readOnly={isKept}
        onChange={(event) => onChange({ name: event.target.value })}
      />
      {isKept ? (
        <span className={styles.kept}>
          <span>{texts.keyValue.kept}</span>
          <Button
            size="small"
            aria-label={`${texts.keyValue.replace}: ${place}`}
            onClick={() => onChange({ isKept: false, value: '' })}
          >
            {texts.keyValue.replace}
          </Button>
        </span>
      ) : (
        <input
          {...common}
          aria-label={`${texts.keyValue.value}: ${place}`}
          placeholder={texts.keyValue.value}
          type={isSecret ? 'password' : 'text'}
          value={value}
          onChange={(event) => onChange({ value: event.target.value })}
        />
      )}
      <span className={styles.ends}>
        {canBeSecret && (
          <label className={styles.secret}>
            <input
              type="checkbox"
              checked={isSecret}
              disabled={isKept}
              aria-label={`${texts.keyValue.secret}: ${place}`}
              onChange={(event) => onChange({ isSecret: event.target.checked })}
            />
            {texts.keyValue.secret}
          </label>
        )}
        <Button
          size="small"
          kind="quiet"
          aria-label={`${texts.keyValue.remove}: ${place}`}
          onClick={onRemove}
        >
          {texts.keyValue.remove}
        </Button>
      </span>
      {fault !== undefined && (
        <p id={id} className={`${fieldStyles.error} ${styles.fault}`} role="alert">
          {fault}
        </p>
      )}
    </div>
  );
}
