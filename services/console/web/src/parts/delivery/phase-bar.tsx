import type { Schemas } from '../../api/client.ts';
import { durationText } from '../values/relative-time.ts';
import { texts } from './exchange-texts.ts';
import styles from './phase-bar.module.css';

type Phases = NonNullable<Schemas['Attempt']['phases']>;

const names = ['dns_ms', 'connect_ms', 'tls_ms', 'first_byte_ms', 'body_ms'] as const;

/** The phases of a request as a bar, with the same numbers below it. */
export function PhaseBar({ phases }: Readonly<{ phases: Phases }>) {
  const known = names.map((name) => ({ name, ms: phases[name] }));
  return (
    <div className={styles.phases}>
      <div className={styles.bar} aria-hidden="true">
        {known.map(({ name, ms }) =>
          ms === null ? null : (
            <span key={name} data-phase={name} style={{ flexGrow: Math.max(ms, 0.001) }} />
          ),
        )}
      </div>
      <dl className={styles.numbers}>
        {known.map(({ name, ms }) => (
          <div key={name}>
            <dt data-phase={name}>{texts.phases[name]}</dt>
            <dd>{ms === null ? '–' : durationText(ms)}</dd>
          </div>
        ))}
        <div>
          <dt>{texts.total}</dt>
          <dd>{durationText(phases.total_ms)}</dd>
        </div>
      </dl>
    </div>
  );
}
