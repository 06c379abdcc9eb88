import type { ReactNode } from 'react';
import styles from './tile-row.module.css';

/** Figures side by side, in as many rows as they need. `label`: what they are about, where no heading says it. */
export const TileRow = ({ label, children }: Readonly<{ label?: string; children: ReactNode }>) => (
  <dl className={styles.tiles} aria-label={label}>
    {children}
  </dl>
);

type Props = Readonly<{ name: string; isBad?: boolean; children: ReactNode }>;

/** One figure with its name. `isBad`: it asks for action. */
export const Tile = ({ name, isBad = false, children }: Props) => (
  <div className={styles.tile} data-bad={isBad}>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);
