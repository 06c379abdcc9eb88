import type { ReactNode } from 'react';
import type { Schemas } from '../../api/client.ts';
import { percentText } from '../../parts/percent-text.ts';
import styles from './portal-home.module.css';
import { texts } from './texts.ts';

type FiguresProps = Readonly<{
  total: Schemas['Statistics']['total'];
  /** The number of deliveries that wait for an attempt or are dead letters now; undefined before it is known. */
  undelivered: number | undefined;
}>;

/** The figures of the last day, and what is undelivered now. Those that ask for action lead to the deliveries behind them. */
export function Figures({ total, undelivered }: FiguresProps) {
  const { delivered, failed, success_rate } = total;
  return (
    <dl className={styles.figures} aria-label={texts.figures}>
      <Figure name={texts.delivered}>{delivered.toLocaleString()}</Figure>
      <Figure name={texts.success}>{success_rate === null ? '–' : percentText(success_rate)}</Figure>
      <Figure name={texts.failed} isBad={failed > 0}>
        {failed.toLocaleString()}
      </Figure>
      <Figure name={texts.given} isBad={(undelivered ?? 0) > 0}>
        {undelivered === undefined ? '–' : <a href="#failing">{undelivered.toLocaleString()}</a>}
      </Figure>
    </dl>
  );
}

type FigureProps = Readonly<{ name: string; isBad?: boolean; children: ReactNode }>;

const Figure = ({ name, isBad = false, children }: FigureProps) => (
  <div className={styles.figure} data-bad={isBad}>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);
