import type { ReactNode } from 'react';
import styles from './status-badge.module.css';

/** The weight of a state: colour and shape of the mark, which never say it alone. */
export type Tone = 'good' | 'warn' | 'bad' | 'busy' | 'quiet';

/** A state in words, with a mark whose shape differs by tone. */
export function StatusBadge({ tone, children }: Readonly<{ tone: Tone; children: ReactNode }>) {
  return (
    <span className={styles.badge} data-tone={tone}>
      <span className={styles.mark} aria-hidden="true" />
      {children}
    </span>
  );
}
