import { texts } from '../../texts/index.ts';
import { useTimeText } from './clock.ts';
import { relativeTime } from './relative-time.ts';
import styles from './time.module.css';

const exact = new Intl.DateTimeFormat(undefined, {
  dateStyle: 'medium',
  timeStyle: 'long',
});
const short = new Intl.DateTimeFormat(undefined, {
  month: 'short',
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
  fractionalSecondDigits: 3,
});

type Props = Readonly<{
  at: string | null;
  /** Shows the exact time beside the relative one. */
  isExact?: boolean;
  /** `21s ago` in place of `21 seconds ago`. */
  isShort?: boolean;
  /** A time at which something is to happen: once it has passed, that is due. */
  isPlanned?: boolean;
}>;

/** A time relative to now; the tooltip has the exact one with its zone. */
export function Time({ at, isExact = false, isShort = false, isPlanned = false }: Props) {
  const ms = at === null ? Number.NaN : Date.parse(at);
  const relative = useTimeText((nowMs) =>
    isPlanned && ms < nowMs
      ? texts.time.due
      : (relativeTime(ms || 0, nowMs, isShort ? 'narrow' : 'long') ?? texts.time.now),
  );
  if (at === null || Number.isNaN(ms)) return <span className={styles.soft}>–</span>;
  return (
    <time dateTime={at} title={`${exact.format(ms)}\n${at}`} className={styles.time}>
      {isExact && <span>{short.format(ms)} </span>}
      <span className={isExact ? styles.soft : undefined}>{relative}</span>
    </time>
  );
}
