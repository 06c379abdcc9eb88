import { useId } from 'react';
import styles from './scopes-field.module.css';
import type { Bound } from './use-form.ts';

type Props<S extends string> = Bound<readonly S[]> &
  Readonly<{
    label: string;
    hint?: string | undefined;
    /** Each scope that can be chosen, and what it allows. */
    options: Readonly<Partial<Record<S, string>>>;
  }>;

/** The scopes of a key or token: some of a few, each with what it allows. */
export function ScopesField<S extends string>(props: Props<S>) {
  const { label, hint, options, value, onChange, error } = props;
  const id = useId();
  const scopes = Object.entries(options) as [S, string][];
  const choose = (scope: S, isChosen: boolean) =>
    onChange(scopes.flatMap(([one]) => ((one === scope ? isChosen : value.includes(one)) ? [one] : [])));
  return (
    <fieldset className={styles.scopes} aria-describedby={error === undefined ? undefined : `${id}-error`}>
      <legend>{label}</legend>
      {hint !== undefined && <p className={styles.hint}>{hint}</p>}
      {scopes.map(([scope, allows], at) => (
        <label key={scope} className={styles.scope}>
          <input
            type="checkbox"
            checked={value.includes(scope)}
            // The form moves the focus to the first field with a fault.
            aria-invalid={error !== undefined && at === 0 ? true : undefined}
            onChange={(event) => choose(scope, event.target.checked)}
          />
          <span>
            <code>{scope}</code> <small>{allows}</small>
          </span>
        </label>
      ))}
      {error !== undefined && (
        <p id={`${id}-error`} className={styles.error} role="alert">
          {error}
        </p>
      )}
    </fieldset>
  );
}
