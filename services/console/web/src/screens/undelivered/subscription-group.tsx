import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useId } from 'react';
import { problemOf } from '../../api/api-problem.ts';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { reasonWords } from '../../parts/delivery/failure-words.ts';
import { remedyOf } from '../../parts/delivery/remedies.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { StatusBadge, type Tone } from '../../parts/values/status-badge.tsx';
import { Time } from '../../parts/values/time.tsx';
import { reasonLink } from './reason-link.ts';
import { texts } from './texts.ts';
import styles from './undelivered.module.css';

type Group = Schemas['Undelivered']['data'][number];
type Reason = Group['reasons'][number];

const tones: Readonly<Record<Reason['status'], Tone>> = {
  pending: 'quiet',
  retrying: 'warn',
  dead_lettered: 'bad',
};

/** The undelivered deliveries of one subscription, by reason. */
export function SubscriptionGroup({ group }: Readonly<{ group: Group }>) {
  const { subscription_id, consumer_id, count, oldest_at, reasons } = group;
  const may = useMay('subscriptions:read');
  const id = useId();
  const subscription = useQuery({
    queryKey: ['subscription', subscription_id],
    queryFn: async ({ signal }) =>
      dataOf(
        api.GET('/v1/webhooks/subscriptions/{id}', { params: { path: { id: subscription_id } }, signal }),
      ),
    enabled: may,
    retry: false,
  });
  const isGone = problemOf(subscription.error)?.status === 404;
  return (
    <article className={styles.group} aria-labelledby={id}>
      <header className={styles.head}>
        <h2 id={id}>
          <ForeignText>{subscription.data?.endpoint_url ?? subscription_id}</ForeignText>
        </h2>
        <span className={styles.count}>{texts.count(count)}</span>
        <p className={styles.soft}>
          {subscription.data === undefined ? (
            <code>{subscription_id}</code>
          ) : (
            <Link to={'/subscriptions/$id' as never} params={{ id: subscription_id } as never}>
              <code>{subscription_id}</code>
            </Link>
          )}
          {consumer_id !== null && (
            <>
              {' · '}
              {texts.consumer} <ForeignText>{consumer_id}</ForeignText>
            </>
          )}
          {' · '}
          {texts.oldest} <Time at={oldest_at} />
        </p>
        {isGone && <p className={styles.bad}>{texts.gone}</p>}
        {subscription.data?.is_active === false && <Disabled subscription={subscription.data} />}
      </header>
      <ul className={styles.reasons}>
        {reasons.map((reason) => (
          <ReasonRow key={JSON.stringify(reason)} group={group} reason={reason} />
        ))}
      </ul>
    </article>
  );
}

function Disabled({
  subscription: { disabled_at, disabled_reason },
}: Readonly<{ subscription: Schemas['Subscription'] }>) {
  const why = texts.disabledReasons[disabled_reason ?? ''] ?? disabled_reason ?? texts.byHand;
  return (
    <p className={styles.bad}>
      {texts.disabled}: {why}
      {disabled_at !== null && (
        <>
          {', '}
          <Time at={disabled_at} />
        </>
      )}
      .
    </p>
  );
}

function ReasonRow({ group, reason }: Readonly<{ group: Group; reason: Reason }>) {
  const { status, last_reason, last_status_code, next_attempt_at } = reason;
  const why = reason.reason === null ? texts.scheduled : reasonWords(reason.reason, last_status_code);
  const failure = last_reason === null ? null : reasonWords(last_reason, last_status_code);
  const remedy = remedyOf(reason.reason);
  const { to, search } = reasonLink(group, reason);
  return (
    <li className={styles.reason}>
      <span className={styles.number}>{reason.count.toLocaleString()}</span>
      <div>
        <StatusBadge tone={tones[status]}>{texts.states[status]}</StatusBadge>
        {failure !== null && failure !== why && <p>{failure}</p>}
        <p>{why}</p>
        {remedy !== undefined && reason.reason !== null && <p className={styles.soft}>{remedy}</p>}
        {next_attempt_at !== null && (
          <p className={styles.soft}>
            {texts.next}: <Time at={next_attempt_at} isExact isPlanned />
          </p>
        )}
      </div>
      <Link to={to} search={search as never}>
        {texts.show}
        <span className="hidden-text">{texts.showHidden(why)}</span>
      </Link>
    </li>
  );
}
