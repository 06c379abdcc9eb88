import { catalogue } from '../../texts/index.ts';
import { StatusBadge } from '../values/status-badge.tsx';
import styles from './erased-mark.module.css';

const texts = catalogue({ en: { erased: 'Erased' } });

/** Marks what was erased on request. */
export const ErasedMark = () => (
  <span className={styles.mark}>
    <StatusBadge tone="quiet">{texts.erased}</StatusBadge>
  </span>
);
