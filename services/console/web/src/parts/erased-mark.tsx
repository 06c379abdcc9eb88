import { catalogue } from '../texts/index.ts';
import styles from './erased-mark.module.css';
import { StatusBadge } from './status-badge.tsx';

const texts = catalogue({ en: { erased: 'Erased' } });

/** Marks what was erased on request. */
export const ErasedMark = () => (
  <span className={styles.mark}>
    <StatusBadge tone="quiet">{texts.erased}</StatusBadge>
  </span>
);
