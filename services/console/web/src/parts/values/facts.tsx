import type { ReactNode } from 'react';
import styles from './facts.module.css';

/** The properties of one thing. One whose value is null is left out. */
export function Facts({
  facts,
}: Readonly<{ facts: readonly (readonly [name: string, value: ReactNode])[] }>) {
  return (
    <dl className={styles.facts}>
      {facts
        .filter(([, value]) => value !== null)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
