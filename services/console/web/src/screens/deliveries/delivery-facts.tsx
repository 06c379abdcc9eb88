import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../api/client.ts';
import { useMay, useSession } from '../../app/session-context.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { CopyableId } from '../../parts/values/copyable-id.tsx';
import { Facts } from '../../parts/values/facts.tsx';
import { Time } from '../../parts/values/time.tsx';
import { texts } from './texts.ts';

type FactsProps = Readonly<{
  delivery: Schemas['Delivery'];
  subscription: Schemas['Subscription'] | undefined;
}>;

/** The properties of a delivery, with links to what they name as far as the key may see it. */
export function DeliveryFacts({ delivery, subscription }: FactsProps) {
  const t = texts.facts;
  const { entry } = useSession();
  const maySubscriptions = useMay('subscriptions:read');
  const { id, event_id, subscription_id, consumer_id, ordering_key, created_at, next_attempt_at } = delivery;
  return (
    <Facts
      facts={[
        [t.id, <CopyableId key="id" id={id} name={t.id} />],
        [
          t.event,
          <CopyableId key="event" id={event_id} name={t.event}>
            {entry === 'operator' && (
              <Link to="/events/$id" params={{ id: event_id }}>
                <code>{event_id}</code>
              </Link>
            )}
          </CopyableId>,
        ],
        [
          t.type,
          entry === 'operator' ? (
            <Link key="type" to="/events/$id" params={{ id: event_id }}>
              <ForeignText>{delivery.event_type}</ForeignText>
            </Link>
          ) : null,
        ],
        [
          t.subscription,
          <CopyableId key="subscription" id={subscription_id} name={t.subscription}>
            {maySubscriptions && (
              <Link to="/subscriptions/$id" params={{ id: subscription_id }}>
                <code>{subscription_id}</code>
              </Link>
            )}
          </CopyableId>,
        ],
        [
          t.endpoint,
          subscription === undefined ? null : (
            <Link key="url" to="/subscriptions/$id" params={{ id: subscription_id }}>
              <ForeignText>{subscription.endpoint_url}</ForeignText>
            </Link>
          ),
        ],
        [t.consumer, consumer_id === null ? null : <ForeignText key="consumer">{consumer_id}</ForeignText>],
        [t.key, ordering_key === null ? null : <ForeignText key="key">{ordering_key}</ForeignText>],
        [t.created, <Time key="created" at={created_at} isExact />],
        [
          t.next,
          next_attempt_at === null ? null : <Time key="next" at={next_attempt_at} isExact isPlanned />,
        ],
      ]}
    />
  );
}
