import { useState } from 'react';
import type { Schemas } from '../../api/client.ts';
import { reasonWords } from '../../parts/delivery/failure-words.ts';
import { durationText } from '../../parts/values/relative-time.ts';
import { StatusBadge } from '../../parts/values/status-badge.tsx';
import { Time } from '../../parts/values/time.tsx';
import { AttemptDetails } from './attempt-details.tsx';
import styles from './attempt-timeline.module.css';
import { texts } from './texts.ts';

type Attempt = Schemas['Attempt'];
type Props = Readonly<{ attempts: readonly Attempt[]; event: Schemas['EventDetail'] | undefined }>;

const keyOf = ({ chain, attempt, at }: Attempt) => `${chain}.${attempt}.${at}`;

/** The attempts on a line of time, newest first; the newest is open. */
export function AttemptTimeline({ attempts, event }: Props) {
  const newestFirst = [...attempts].reverse();
  return (
    <ol className={styles.line}>
      {newestFirst.map((attempt, at) => (
        <AttemptItem key={keyOf(attempt)} attempt={attempt} event={event} isOpenAtFirst={at === 0} />
      ))}
    </ol>
  );
}

type ItemProps = Readonly<{ attempt: Attempt; event: Props['event']; isOpenAtFirst: boolean }>;

function AttemptItem({ attempt, event, isOpenAtFirst }: ItemProps) {
  const [isOpen, setOpen] = useState(isOpenAtFirst);
  const { attempt: number, outcome, status_code, reason, trigger, at, duration_ms, next } = attempt;
  const answer = status_code ?? reason ?? '';
  return (
    <li className={styles.item} data-outcome={outcome}>
      <button type="button" className={styles.head} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        <span className={styles.number}>{texts.attempt(number)}</span>
        <StatusBadge tone={outcome === 'delivered' ? 'good' : 'bad'}>{answer}</StatusBadge>
        {trigger !== 'event' && <span className={styles.soft}>{texts.triggers[trigger]}</span>}
        <span className={styles.soft}>{durationText(duration_ms)}</span>
        <span className={styles.at}>
          <Time at={at} isExact />
        </span>
      </button>
      {isOpen && (
        <div className={styles.body}>
          {reason !== null && <p className={styles.words}>{reasonWords(reason, status_code)}</p>}
          {next.at !== undefined && (
            <p className={styles.soft}>
              {texts.nextRetry}: <Time at={next.at} isExact isPlanned />
            </p>
          )}
          {next.reason !== undefined && (
            <p className={styles.soft}>{reasonWords(next.reason, status_code)}</p>
          )}
          <AttemptDetails attempt={attempt} event={event} />
        </div>
      )}
    </li>
  );
}
