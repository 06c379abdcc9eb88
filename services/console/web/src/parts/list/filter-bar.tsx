import { type ReactNode, useEffect, useId, useState } from 'react';
import { texts } from '../../texts/index.ts';
import { Button } from '../page/button.tsx';
import styles from './filter-bar.module.css';

type BarProps = Readonly<{ isFiltered: boolean; onClear: () => void; children: ReactNode }>;

/** The filters of a list in a row, with a button that clears them. */
export function FilterBar({ isFiltered, onClear, children }: BarProps) {
  return (
    <search className={styles.bar} aria-label={texts.filters.label}>
      {children}
      {isFiltered && (
        <Button kind="quiet" onClick={onClear}>
          {texts.filters.clear}
        </Button>
      )}
    </search>
  );
}

type SelectProps<T extends string> = Readonly<{
  label: string;
  value: T | undefined;
  options: readonly T[];
  labelOf?: (option: T) => string;
  /** The text for none of them. */
  anyLabel?: string;
  /** There is none: something is always chosen. */
  isRequired?: boolean;
  onChange: (value: T | undefined) => void;
}>;

/** A filter that is one of a few values, or any. */
export function SelectFilter<T extends string>(props: SelectProps<T>) {
  const {
    label,
    value,
    options,
    labelOf,
    anyLabel = texts.filters.any,
    isRequired = false,
    onChange,
  } = props;
  const id = useId();
  return (
    <div className={styles.filter} data-set={value !== undefined && !isRequired}>
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        value={value ?? ''}
        onChange={(event) => onChange(options.find((one) => one === event.target.value))}
      >
        {!isRequired && <option value="">{anyLabel}</option>}
        {options.map((option) => (
          <option key={option} value={option}>
            {labelOf?.(option) ?? option}
          </option>
        ))}
      </select>
    </div>
  );
}

type TextsProps<N extends string> = Readonly<{
  /** Of each: the search parameter, the label, and a placeholder. */
  filters: readonly (readonly [name: N, label: string, placeholder: string | undefined])[];
  values: Readonly<Partial<Record<N, string>>>;
  change: (next: Readonly<Partial<Record<N, string | undefined>>>) => void;
}>;

/** Filters that are texts, each of a search parameter of its own. */
export const TextFilters = <N extends string>({ filters, values, change }: TextsProps<N>) =>
  filters.map(([name, label, placeholder]) => (
    <TextFilter
      key={name}
      label={label}
      value={values[name]}
      {...(placeholder === undefined ? {} : { placeholder })}
      onChange={(value) => change({ [name]: value } as Partial<Record<N, string | undefined>>)}
    />
  ));

type TextProps = Readonly<{
  label: string;
  value: string | undefined;
  placeholder?: string;
  onChange: (value: string | undefined) => void;
}>;

/** A filter that is a text. It applies when somebody presses Enter or leaves the field. */
export function TextFilter({ label, value, placeholder, onChange }: TextProps) {
  const id = useId();
  const [text, setText] = useState(value ?? '');
  useEffect(() => setText(value ?? ''), [value]);
  const apply = () => {
    const next = text.trim() === '' ? undefined : text.trim();
    if (next !== value) onChange(next);
  };
  return (
    <form
      className={styles.filter}
      data-set={value !== undefined}
      onSubmit={(event) => {
        event.preventDefault();
        apply();
      }}
    >
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        value={text}
        placeholder={placeholder}
        spellCheck={false}
        autoComplete="off"
        onChange={(event) => setText(event.target.value)}
        onBlur={apply}
      />
    </form>
  );
}
