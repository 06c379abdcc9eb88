import type { HTMLInputTypeAttribute, ReactNode } from 'react';
import { Field } from './field.tsx';
import styles from './form.module.css';
import type { Bound } from './use-form.ts';

type Common = Readonly<{ label: string; hint?: ReactNode }>;

type TextProps = Common &
  Bound<string> &
  Readonly<{
    type?: HTMLInputTypeAttribute;
    placeholder?: string;
    isRequired?: boolean;
    /** Code, ids, URLs: in a fixed width, and not corrected by the browser. */
    isCode?: boolean;
    /** Selects the keyboard of a phone. */
    inputMode?: 'text' | 'url' | 'numeric' | 'decimal';
    /** The width in characters of a short value. */
    width?: number;
    isDisabled?: boolean;
    /** Autofocus is for dialogs, and for the only field of a page. */
    hasFocus?: boolean;
  }>;

/** A line of text. */
export function TextField({ label, hint, error, value, onChange, ...options }: TextProps) {
  const { type = 'text', placeholder, isRequired, isCode, inputMode, width, isDisabled, hasFocus } = options;
  return (
    <Field label={label} hint={hint} error={error}>
      {({ className = '', ...props }) => (
        <input
          {...props}
          className={`${className} ${isCode === true ? styles.code : ''}`}
          style={width === undefined ? undefined : { maxWidth: `${width + 3}ch` }}
          type={type}
          value={value}
          placeholder={placeholder}
          inputMode={inputMode}
          aria-required={isRequired}
          disabled={isDisabled}
          // biome-ignore lint/a11y/noAutofocus: only where the caller says that nothing is before it
          autoFocus={hasFocus}
          autoComplete="off"
          spellCheck={isCode === true ? false : undefined}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

type LongProps = Common & Bound<string> & Readonly<{ rows?: number; isCode?: boolean; placeholder?: string }>;

/** Several lines of text. */
export function LongTextField({
  label,
  hint,
  error,
  value,
  onChange,
  rows = 3,
  isCode,
  placeholder,
}: LongProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {({ className = '', ...props }) => (
        <textarea
          {...props}
          className={`${className} ${isCode === true ? styles.code : ''}`}
          rows={rows}
          value={value}
          placeholder={placeholder}
          spellCheck={isCode === true ? false : undefined}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}

type SelectProps<V extends string> = Common &
  Bound<V> &
  Readonly<{ options: readonly V[]; labelOf: (option: V) => string; isDisabled?: boolean }>;

/** One of a few values. */
export function SelectField<V extends string>(props: SelectProps<V>) {
  const { label, hint, error, value, onChange, options, labelOf, isDisabled } = props;
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <select
          {...control}
          value={value}
          disabled={isDisabled}
          onChange={(event) => {
            const chosen = options.find((one) => one === event.target.value);
            if (chosen !== undefined) onChange(chosen);
          }}
        >
          {options.map((option) => (
            <option key={option} value={option}>
              {labelOf(option)}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

type CheckProps = Common & Bound<boolean> & Readonly<{ isDisabled?: boolean }>;

/** Yes or no. */
export function CheckField({ label, hint, error, value, onChange, isDisabled }: CheckProps) {
  return (
    <div className={styles.check}>
      <Field label={label} hint={hint} error={error}>
        {({ className: _, ...props }) => (
          <input
            {...props}
            type="checkbox"
            checked={value}
            disabled={isDisabled}
            onChange={(event) => onChange(event.target.checked)}
          />
        )}
      </Field>
    </div>
  );
}

type ChoiceProps<V extends string> = Readonly<{
  label: string;
  value: V;
  onChange: (value: V) => void;
  options: readonly Readonly<{ value: V; label: string; hint?: string }>[];
  name: string;
}>;

/** One of a few values whose meaning needs a sentence each. */
export function ChoiceField<V extends string>({ label, value, onChange, options, name }: ChoiceProps<V>) {
  return (
    <fieldset className={styles.choices}>
      <legend>{label}</legend>
      {options.map((option) => (
        <label key={option.value} className={styles.choice}>
          <input
            type="radio"
            name={name}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          <span>
            {option.label}
            {option.hint !== undefined && <small>{option.hint}</small>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
