import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useId } from 'react';
import { api, dataOf } from '../../../api/client.ts';
import { useMay } from '../../../app/session-context.ts';
import { DeliveryStatus } from '../../../parts/delivery/delivery-status.tsx';
import { ForeignText } from '../../../parts/foreign/foreign-text.tsx';
import { ErrorState, Loading } from '../../../parts/page/states.tsx';
import { SmallTable } from '../../../parts/values/small-table.tsx';
import { Time } from '../../../parts/values/time.tsx';
import { texts } from '../texts.ts';
import styles from './subscription-detail.module.css';

const t = texts.recent;
const shown = 10;
const refreshMs = 5_000;

/** The newest deliveries of a subscription. */
export function RecentDeliveries({ id }: Readonly<{ id: string }>) {
  const heading = useId();
  const mayRead = useMay('deliveries:read');
  const { data, error, refetch } = useQuery({
    queryKey: ['deliveries', 'recent', id],
    queryFn: async ({ signal }) => {
      const query = { subscription_id: id, limit: shown };
      return dataOf(api.GET('/v1/webhooks/deliveries', { params: { query }, signal }));
    },
    enabled: mayRead,
    refetchInterval: refreshMs,
  });
  if (!mayRead) return null;
  return (
    <section className={styles.section} aria-labelledby={heading}>
      <div className={styles.sectionHead}>
        <h2 id={heading}>{texts.sections.deliveries}</h2>
        <Link to="/deliveries" search={{ subscription_id: id } as never}>
          {t.all}
        </Link>
      </div>
      {data === undefined ? (
        error === null ? (
          <Loading />
        ) : (
          <ErrorState error={error} onRetry={() => void refetch()} />
        )
      ) : data.data.length === 0 ? (
        <p className={styles.soft}>{t.none}</p>
      ) : (
        <div className={styles.card}>
          <SmallTable
            label={texts.sections.deliveries}
            columns={[t.event, t.status, t.answer, t.attempts, t.created]}
            rows={data.data.map((delivery) => [
              <Link key="event" to="/deliveries/$id" params={{ id: delivery.id }}>
                <ForeignText>{delivery.event_type}</ForeignText>
              </Link>,
              <DeliveryStatus key="status" status={delivery.status} />,
              delivery.attempt_count === 0
                ? '–'
                : (delivery.last_status_code ?? `${t.noAnswer} · ${delivery.last_reason ?? ''}`),
              delivery.attempt_count,
              <Time key="created" at={delivery.created_at} />,
            ])}
          />
        </div>
      )}
    </section>
  );
}
