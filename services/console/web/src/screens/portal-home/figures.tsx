import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Schemas } from '../../api/client.ts';
import styles from './portal-home.module.css';
import { texts } from './texts.ts';

const percent = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 1 });

/** The figures of the last day. Those that ask for action lead to the deliveries behind them. */
export function Figures({ total }: Readonly<{ total: Schemas['Statistics']['total'] }>) {
  const { delivered, failed, dead_lettered, success_rate } = total;
  return (
    <dl className={styles.figures} aria-label={texts.figures}>
      <Figure name={texts.delivered}>{delivered.toLocaleString()}</Figure>
      <Figure name={texts.success}>{success_rate === null ? '–' : percent.format(success_rate)}</Figure>
      <Figure name={texts.failed} isBad={failed > 0}>
        {failed.toLocaleString()}
      </Figure>
      <Figure name={texts.given} isBad={dead_lettered > 0}>
        {dead_lettered === 0 ? (
          0
        ) : (
          <Link to="/deliveries" search={{ status: 'dead_lettered', since: '24h' } as never}>
            {dead_lettered.toLocaleString()}
          </Link>
        )}
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
