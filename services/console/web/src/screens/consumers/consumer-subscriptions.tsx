import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { Card, Note, Section } from '../../parts/page/section.tsx';
import { ErrorState, Loading } from '../../parts/page/states.tsx';
import { SmallTable } from '../../parts/values/small-table.tsx';
import { StatusBadge } from '../../parts/values/status-badge.tsx';
import { Time } from '../../parts/values/time.tsx';
import styles from './consumer-detail.module.css';
import { texts } from './texts.ts';

const shownCount = 20;

/** The newest subscriptions of a consumer, with the limits of each. */
export function ConsumerSubscriptions({ consumerId }: Readonly<{ consumerId: string }>) {
  const query = { consumer_id: consumerId, limit: shownCount };
  const page = useQuery({
    queryKey: ['subscriptions-of', consumerId],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/subscriptions', { params: { query }, signal })),
  });
  return (
    <Section
      title={texts.subscriptions}
      actions={
        <Link to="/subscriptions" search={{ consumer_id: consumerId } as never}>
          {texts.allSubscriptions}
        </Link>
      }
    >
      {page.isPending ? (
        <Loading />
      ) : page.data === undefined ? (
        <ErrorState error={page.error} onRetry={() => void page.refetch()} />
      ) : page.data.data.length === 0 ? (
        <Note>{texts.noSubscriptions}</Note>
      ) : (
        <>
          <Card>
            <SmallTable
              label={texts.subscriptions}
              columns={[
                texts.endpoint,
                texts.state,
                texts.events,
                texts.rate,
                texts.inFlight,
                texts.failures,
                texts.lastDelivery,
              ]}
              rows={page.data.data.map(rowOf)}
            />
          </Card>
          {page.data.next_cursor !== null && <Note>{texts.moreThanShown}</Note>}
        </>
      )}
    </Section>
  );
}

function rowOf(subscription: Schemas['Subscription']) {
  const { id, endpoint_url, is_active, events, rate_limit, max_in_flight } = subscription;
  const { failure_count, last_delivery_at } = subscription;
  const rate = rate_limit?.per_second;
  return [
    <Link
      key="endpoint"
      to="/subscriptions/$id"
      params={{ id }}
      title={endpoint_url}
      className={styles.long ?? ''}
    >
      <ForeignText>{endpoint_url}</ForeignText>
    </Link>,
    <StatusBadge key="state" tone={is_active ? 'good' : 'warn'}>
      {is_active ? texts.states.active : texts.states.disabled}
    </StatusBadge>,
    <span key="events" className={styles.long} title={events.join(', ')}>
      <ForeignText>{events.join(', ')}</ForeignText>
    </span>,
    rate === undefined ? texts.unlimited : texts.perSecond(rate),
    max_in_flight,
    failure_count ?? texts.none,
    last_delivery_at === null ? texts.never : <Time key="last" at={last_delivery_at} />,
  ];
}
