import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { DeliveryStatus } from '../../parts/delivery/delivery-status.tsx';
import { ErasedMark } from '../../parts/delivery/erased-mark.tsx';
import { answerWords } from '../../parts/delivery/failure-words.ts';
import { durationText } from '../../parts/values/relative-time.ts';
import { StatusBadge } from '../../parts/values/status-badge.tsx';
import { SubscriptionName } from '../../parts/values/subscription-name.tsx';
import { Time } from '../../parts/values/time.tsx';
import { texts } from './texts.ts';
import styles from './where-it-went.module.css';

type Summary = Schemas['DeliverySummary'];
type Attempt = Schemas['Attempt'];

// Attempts are in a request of each delivery: those beyond show their last answer alone.
const maxWithAttempts = 10;
const maxAttempts = 6;

type Props = Readonly<{ acceptedAt: string; deliveries: readonly Summary[] }>;

/** An event on its way: when it was accepted, and each delivery with its attempts and the time that they took to come. */
export const WhereItWent = ({ acceptedAt, deliveries }: Props) => (
  <ol className={styles.line}>
    <li className={styles.stop}>
      <strong>{texts.facts.accepted}</strong> <Time at={acceptedAt} isExact />
    </li>
    {deliveries.map((delivery, at) => (
      <DeliveryStop
        key={delivery.id}
        delivery={delivery}
        acceptedAt={acceptedAt}
        hasAttempts={at < maxWithAttempts}
      />
    ))}
  </ol>
);

type StopProps = Readonly<{ delivery: Summary; acceptedAt: string; hasAttempts: boolean }>;

function DeliveryStop({ delivery, acceptedAt, hasAttempts }: StopProps) {
  const { id, subscription_id, status, erased, attempt_count, updated_at } = delivery;
  const found = useQuery({
    // Another one when the delivery has changed, which the event tells.
    queryKey: ['delivery', id, updated_at],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/deliveries/{id}', { params: { path: { id } }, signal })),
    enabled: hasAttempts && attempt_count > 0,
    placeholderData: (before) => before,
  });
  const attempts = found.data?.attempts ?? [];
  return (
    <li className={styles.stop} data-status={status}>
      <p className={styles.head}>
        <Link to="/deliveries/$id" params={{ id }}>
          <SubscriptionName id={subscription_id} />
        </Link>
        <DeliveryStatus status={status} />
        {erased && <ErasedMark />}
        <span className={styles.soft}>{texts.attemptCount(attempt_count)}</span>
      </p>
      {attempts.length > 0 ? (
        <Attempts attempts={attempts} acceptedAt={acceptedAt} />
      ) : (
        attempt_count > 0 && (
          <p className={styles.soft}>
            {texts.last}: {answerWords(delivery.last_status_code, delivery.last_reason)}
          </p>
        )
      )}
    </li>
  );
}

function Attempts({ attempts, acceptedAt }: Readonly<{ attempts: readonly Attempt[]; acceptedAt: string }>) {
  const left = attempts.length > maxAttempts ? attempts.length - maxAttempts : 0;
  const [first, ...others] = attempts;
  const shown = left === 0 || first === undefined ? attempts : [first, ...others.slice(left)];
  return (
    <ol className={styles.attempts}>
      {shown.map(({ chain, attempt, at, outcome, status_code, reason, duration_ms }, index) => (
        <li key={`${chain}.${attempt}.${at}`}>
          {left > 0 && index === 1 && <span className={styles.soft}>{texts.moreAttempts(left)}</span>}
          <StatusBadge tone={outcome === 'delivered' ? 'good' : 'bad'}>
            {answerWords(status_code, reason)}
          </StatusBadge>
          <span className={styles.soft}>
            {texts.after(durationText(Date.parse(at) - Date.parse(acceptedAt)))}
          </span>
          <span className={styles.soft}>{texts.took(durationText(duration_ms))}</span>
        </li>
      ))}
    </ol>
  );
}
