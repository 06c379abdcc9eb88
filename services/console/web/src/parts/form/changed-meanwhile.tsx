import type { ReactNode } from 'react';
import { texts } from '../../texts/index.ts';
import { Button } from '../page/button.tsx';
import styles from './form.module.css';
import type { Form } from './use-form.ts';

type Props<T> = Readonly<{
  form: Form<T>;
  /** The label of a field, and its value in a few words. */
  labelOf: (name: keyof T & string) => string;
  show: (name: keyof T & string, values: T) => ReactNode;
}>;

/**
 * Shown in a form after a save that was refused because somebody else had changed the same thing: what they changed, and
 * for each field that both changed, a button that takes their value. The form has the changes of both, and can be saved.
 */
export function ChangedMeanwhile<T extends object>({ form, labelOf, show }: Props<T>) {
  const { meanwhile } = form;
  if (meanwhile === null) return null;
  const { theirs, taken, conflicts } = meanwhile;
  return (
    <div className={styles.meanwhile} role="alert" tabIndex={-1}>
      <strong>{texts.form.meanwhile}</strong>
      <p>{conflicts.length > 0 ? texts.form.meanwhileConflict : texts.form.meanwhileJoined}</p>
      {taken.length + conflicts.length > 0 && (
        <dl>
          {taken.map((name) => (
            <div key={name}>
              <dt>{labelOf(name)}</dt>
              <dd>
                {texts.form.theirs} {show(name, theirs)}
              </dd>
            </div>
          ))}
          {conflicts.map((name) => (
            <div key={name}>
              <dt>{labelOf(name)}</dt>
              <dd>
                {texts.form.theirs} {show(name, theirs)}
                <br />
                {texts.form.yours} {show(name, form.values)}{' '}
                <Button
                  size="small"
                  aria-label={`${texts.form.takeTheirs}: ${labelOf(name)}`}
                  onClick={() => form.takeTheirs(name)}
                >
                  {texts.form.takeTheirs}
                </Button>
              </dd>
            </div>
          ))}
        </dl>
      )}
    </div>
  );
}
