import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, dataOf } from '../../../api/client.ts';
import { useMay } from '../../../app/session-context.ts';
import { DeliveryStatus } from '../../../parts/delivery/delivery-status.tsx';
import { answerWords } from '../../../parts/delivery/failure-words.ts';
import { ForeignText } from '../../../parts/foreign/foreign-text.tsx';
import { Card, Note, Section } from '../../../parts/page/section.tsx';
import { ErrorState, Loading } from '../../../parts/page/states.tsx';
import { SmallTable } from '../../../parts/values/small-table.tsx';
import { Time } from '../../../parts/values/time.tsx';
import { texts } from '../texts.ts';

const t = texts.recent;
const shown = 10;
const refreshMs = 5_000;

/** The newest deliveries of a subscription. */
export function RecentDeliveries({ id }: Readonly<{ id: string }>) {
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
    <Section
      title={texts.sections.deliveries}
      actions={
        <Link to="/deliveries" search={{ subscription_id: id } as never}>
          {t.all}
        </Link>
      }
    >
      {data === undefined ? (
        error === null ? (
          <Loading />
        ) : (
          <ErrorState error={error} onRetry={() => void refetch()} />
        )
      ) : data.data.length === 0 ? (
        <Note>{t.none}</Note>
      ) : (
        <Card>
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
                : answerWords(delivery.last_status_code, delivery.last_reason),
              delivery.attempt_count,
              <Time key="created" at={delivery.created_at} />,
            ])}
          />
        </Card>
      )}
    </Section>
  );
}
