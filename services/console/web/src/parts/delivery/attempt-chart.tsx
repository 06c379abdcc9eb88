import type { Schemas } from '../../api/client.ts';
import { texts } from '../../texts/index.ts';
import styles from './attempt-chart.module.css';

type Bucket = Pick<Schemas['Statistics']['buckets'][number], 'at' | 'attempts' | 'failed'>;
type Granularity = Schemas['Statistics']['granularity'];
type Props = Readonly<{
  from: string;
  to: string;
  granularity: Granularity;
  buckets: readonly Bucket[];
}>;

const height = 96;
const width = 720;
const minuteMs = 60_000;
const bucketMs: Readonly<Record<Granularity, number>> = {
  minute: minuteMs,
  hour: 60 * minuteMs,
  day: 24 * 60 * minuteMs,
};
const hour = new Intl.DateTimeFormat(undefined, {
  ...{ weekday: 'short', hour: '2-digit', minute: '2-digit' },
  hour12: false,
});
const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hour12: false });
// The buckets of days begin at midnight UTC.
const date = new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric', timeZone: 'UTC' });

/** The attempts of each minute, hour or day as bars, with the same numbers in a table. */
export function AttemptChart({ from, to, granularity, buckets: known }: Props) {
  const clock = { minute: time, hour, day: date }[granularity];
  const buckets = everyBucket({ from, to, stepMs: bucketMs[granularity] }, known);
  const most = Math.max(1, ...buckets.map(({ attempts }) => attempts));
  const step = width / Math.max(1, buckets.length);
  const scaled = (count: number) => (count === 0 ? 0 : Math.max(2, (count / most) * height));
  const [first] = buckets;
  const last = buckets.at(-1);
  return (
    <figure className={styles.chart}>
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" aria-hidden="true">
        {buckets.map(({ at, attempts, failed }, index) => {
          const good = scaled(attempts - failed);
          const bad = scaled(failed);
          const x = index * step + 1;
          const bar = { x, width: Math.max(1, step - 2) };
          return (
            <g key={at}>
              <rect {...bar} y={height - good} height={good} className={styles.good} />
              <rect {...bar} y={height - good - bad} height={bad} className={styles.bad} />
            </g>
          );
        })}
      </svg>
      <figcaption className={styles.foot}>
        <span>{first === undefined ? '' : clock.format(Date.parse(first.at))}</span>
        <span className={styles.legend}>
          <span data-kind="delivered">{texts.chart.delivered}</span>
          <span data-kind="failed">{texts.chart.failed}</span>
        </span>
        <span>{last === undefined ? '' : clock.format(Date.parse(last.at))}</span>
      </figcaption>
      <details className={styles.numbers}>
        <summary>{texts.chart.asTable}</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">{texts.chart.time}</th>
              <th scope="col">{texts.chart.delivered}</th>
              <th scope="col">{texts.chart.failed}</th>
            </tr>
          </thead>
          <tbody>
            {buckets
              .filter(({ attempts }) => attempts > 0)
              .map(({ at, attempts, failed }) => (
                <tr key={at}>
                  <td>{clock.format(Date.parse(at))}</td>
                  <td>{attempts - failed}</td>
                  <td>{failed}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </details>
    </figure>
  );
}

type Span = Readonly<{ from: string; to: string; stepMs: number }>;

/** Returns every bucket of a span: the API leaves out those without attempts. */
function everyBucket({ from, to, stepMs }: Span, known: readonly Bucket[]): readonly Bucket[] {
  const byTime = new Map(known.map((bucket) => [Date.parse(bucket.at), bucket]));
  const beginMs = Date.parse(from);
  const count = Math.round((Date.parse(to) - beginMs) / stepMs);
  return Array.from({ length: count }, (_, index) => {
    const ms = beginMs + index * stepMs;
    return byTime.get(ms) ?? { at: new Date(ms).toISOString(), attempts: 0, failed: 0 };
  });
}
