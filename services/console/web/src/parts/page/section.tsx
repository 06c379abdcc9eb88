import { type ReactNode, useId } from 'react';
import styles from './section.module.css';

type SectionProps = Readonly<{ title: string; actions?: ReactNode; children: ReactNode }>;

/** A part of a page under a heading, which names it; `actions` stand beside the heading. */
export function Section({ title, actions, children }: SectionProps) {
  const id = useId();
  return (
    <section className={styles.section} aria-labelledby={id}>
      <div className={styles.head}>
        <h2 id={id}>{title}</h2>
        {actions}
      </div>
      {children}
    </section>
  );
}

/** A box around a table, a list of fields or a few lines. */
export const Card = ({ children }: Readonly<{ children: ReactNode }>) => (
  <div className={styles.card}>{children}</div>
);

/** A line that stands where there is no content, or says more of it. */
export const Note = ({ children }: Readonly<{ children: ReactNode }>) => (
  <p className={styles.note}>{children}</p>
);

/** Links of a section or a page, side by side. */
export const Links = ({ children }: Readonly<{ children: ReactNode }>) => (
  <p className={styles.links}>{children}</p>
);

/** Says in paragraphs, above the details of one thing, why it is as it is and what to do. */
export const Explanation = ({ children }: Readonly<{ children: ReactNode }>) => (
  <div className={styles.explanation}>{children}</div>
);
