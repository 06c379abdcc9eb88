import styles from './progress-bar.module.css';

type Props = Readonly<{
  /** 0 to 100; null while the whole is not known. */
  percent: number | null;
  /** Its name, for a screen reader. */
  label: string;
  /** Beside the bar: `7 of 12`. */
  text: string;
  tone?: 'busy' | 'good' | 'warn' | 'bad' | 'quiet';
}>;

/** Progress of some work, as a bar and in words. */
export function ProgressBar({ percent, label, text, tone = 'busy' }: Props) {
  return (
    <div className={styles.progress}>
      <div
        role="progressbar"
        aria-label={label}
        aria-valuetext={text}
        aria-valuemin={0}
        aria-valuemax={100}
        {...(percent === null ? {} : { 'aria-valuenow': percent })}
        className={styles.track}
        data-tone={tone}
      >
        <div
          className={styles.done}
          data-unknown={percent === null && tone === 'busy'}
          style={{ width: `${percent ?? (tone === 'busy' ? 30 : 0)}%` }}
        />
      </div>
      <span className={styles.text} aria-hidden="true">
        {text}
      </span>
    </div>
  );
}
