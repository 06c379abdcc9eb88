import { type ReactNode, useEffect, useRef } from 'react';
import { texts } from '../../texts/index.ts';
import { Button } from '../page/button.tsx';
import { otherFaults } from './faults.ts';
import styles from './form.module.css';
import { UnsavedGuard } from './unsaved-guard.tsx';
import type { Form as FormState } from './use-form.ts';

type Props<T> = Readonly<{
  form: FormState<T>;
  label: string;
  /** The text of the button: what is done, such as "Create endpoint". */
  action: string;
  onCancel?: () => void;
  /** A form that changes something can be saved only once something has changed. */
  needsChange?: boolean;
  /** Fields of the API that the form shows under other names than those of its values. */
  shows?: readonly string[];
  /** Beside the buttons of a form in a dialog nothing is said of unsaved changes, and leaving is not held up. */
  isInDialog?: boolean;
  children: ReactNode;
}>;

/**
 * A form: its problem above it, its fields, and its buttons, which stay in view. After a refused save the focus is on the
 * first field with a fault. Leaving the page with changes asks first.
 */
export function Form<T extends object>(props: Props<T>) {
  const { form, label, action, onCancel, needsChange = false, isInDialog = false, children } = props;
  const shown = [...Object.keys(form.values), ...(props.shows ?? [])];
  const element = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (form.refusals > 0) focusFault(element.current);
  }, [form.refusals]);
  return (
    <form
      ref={element}
      className={styles.form}
      aria-label={label}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void form.submit();
      }}
    >
      <FormProblem form={form} shown={shown} />
      {children}
      <div className={isInDialog ? styles.dialogActions : styles.actions}>
        {!isInDialog && form.isChanged && <span className={styles.unsaved}>{texts.form.unsaved}</span>}
        {onCancel !== undefined && <Button onClick={onCancel}>{texts.cancel}</Button>}
        <Button
          type="submit"
          kind="primary"
          disabled={form.isSaving || (needsChange && !form.isChanged)}
          aria-busy={form.isSaving}
        >
          {form.isSaving ? texts.form.saving : action}
        </Button>
      </div>
      {!isInDialog && <UnsavedGuard hasChanges={form.hasChanges} />}
    </form>
  );
}

type ProblemProps<T> = Readonly<{ form: Pick<FormState<T>, 'problem'>; shown: readonly string[] }>;

function FormProblem<T extends object>({ form: { problem }, shown }: ProblemProps<T>) {
  if (problem === null) return null;
  const others = otherFaults(problem, shown);
  const isByField = problem.fields.size > 0 && others.length === 0;
  return (
    <div className={styles.problem} role="alert" tabIndex={-1}>
      <strong>{isByField ? texts.form.faulty : texts.form.refused}</strong>
      {!isByField &&
        (others.length === 0 ? <p>{problem.message}</p> : others.map((one) => <p key={one}>{one}</p>))}
      {problem.status >= 500 && problem.traceId !== undefined && (
        <p>
          {texts.error.trace} <code>{problem.traceId}</code>
        </p>
      )}
    </div>
  );
}

function focusFault(form: HTMLFormElement | null): void {
  const field =
    form?.querySelector<HTMLElement>('[aria-invalid="true"]') ??
    form?.querySelector<HTMLElement>('[role="alert"]:not(p)');
  const folded = field?.closest('details');
  // A field that is folded away cannot have the focus.
  if (folded != null) folded.open = true;
  field?.focus();
}

/** The fields of a form that belong together, under a title. */
export function FormSection({
  title,
  hint,
  children,
}: Readonly<{ title: string; hint?: ReactNode; children: ReactNode }>) {
  return (
    <section className={styles.section}>
      <header>
        <h2>{title}</h2>
        {hint !== undefined && <p className={styles.hint}>{hint}</p>}
      </header>
      <div className={styles.fields}>{children}</div>
    </section>
  );
}

/** Fields that most people leave as they are, folded away. */
export function FoldedFields({ title, children }: Readonly<{ title: string; children: ReactNode }>) {
  return (
    <details className={styles.folded}>
      <summary>{title}</summary>
      <div className={styles.fields}>{children}</div>
    </details>
  );
}

/** Short fields side by side, as far as there is room. */
export const FieldRow = ({ children }: Readonly<{ children: ReactNode }>) => (
  <div className={styles.row}>{children}</div>
);
