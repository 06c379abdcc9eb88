import { type ReactNode, useState } from 'react';
import type { Tone } from '../values/status-badge.tsx';
import styles from './time-line.module.css';

/** A line of things that happened one after the other, each a {@link TimeLineItem}. */
export const TimeLine = ({ children }: Readonly<{ children: ReactNode }>) => (
  <ol className={styles.line}>{children}</ol>
);

type ItemProps = Readonly<{
  /** The colour and shape of its mark on the line. */
  tone: Tone;
  name: ReactNode;
  /** Stands beside the name. */
  head: ReactNode;
  /** Stands at the right edge: the time. */
  at: ReactNode;
  isOpenAtFirst: boolean;
  /** Shown while it is open. */
  children: ReactNode;
}>;

/** One thing on the line: a head that opens and closes the rest. */
export function TimeLineItem({ tone, name, head, at, isOpenAtFirst, children }: ItemProps) {
  const [isOpen, setOpen] = useState(isOpenAtFirst);
  return (
    <li className={styles.item} data-tone={tone}>
      <button type="button" className={styles.head} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span className={styles.name}>{name}</span>
        {head}
        <span className={styles.at}>{at}</span>
      </button>
      {isOpen && <div className={styles.body}>{children}</div>}
    </li>
  );
}

/** A word or a line of an item that is less than the others. */
export const Aside = ({ children }: Readonly<{ children: ReactNode }>) => (
  <span className={styles.soft}>{children}</span>
);
