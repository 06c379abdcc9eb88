import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../../api/client.ts';
import { useMay, useSession } from '../../../app/session-context.ts';
import { ForeignText } from '../../../parts/foreign/foreign-text.tsx';
import { CopyableId } from '../../../parts/values/copyable-id.tsx';
import { Facts } from '../../../parts/values/facts.tsx';
import { durationText } from '../../../parts/values/relative-time.ts';
import { Time } from '../../../parts/values/time.tsx';
import { fieldTexts } from '../form/field-texts.ts';
import { texts } from '../texts.ts';
import { Certificates } from './certificates.tsx';

const t = texts.facts;
const f = fieldTexts;

/** The settings of a subscription. */
export function SubscriptionFacts({ subscription }: Readonly<{ subscription: Schemas['Subscription'] }>) {
  const { id, consumer_id, description, ordering, rate_limit, retry_schedule, tls } = subscription;
  const isAdmin = useMay('admin') && useSession().entry === 'operator';
  const retries = retry_schedule.map((seconds) => durationText(seconds * 1_000)).join(', ');
  return (
    <Facts
      facts={[
        [t.id, <CopyableId key="id" id={id} name={t.id} />],
        [t.description, description === null ? null : <ForeignText key="text">{description}</ForeignText>],
        [
          t.consumer,
          consumer_id === null ? null : <Consumer key="consumer" id={consumer_id} isLinked={isAdmin} />,
        ],
        [t.kind, subscription.kind === 'operational' ? t.operational : null],
        [t.events, <ForeignText key="events">{subscription.events.join(', ')}</ForeignText>],
        [t.signature, f.signatures[subscription.signature_style].label],
        [t.format, f.formats[subscription.format]],
        [f.largePayloads, f.largeForms[subscription.large_payloads]],
        [t.ordering, f.orderings[ordering]],
        [t.exhausted, ordering === 'none' ? null : f.exhausted[subscription.on_exhausted]],
        [t.schedule, retries === '' ? t.noRetries : retries],
        [t.timeout, durationText(subscription.timeout_seconds * 1_000)],
        [
          t.rate,
          rate_limit === null ? t.noRate : t.rateText(rate_limit.per_second ?? 0, rate_limit.burst ?? 0),
        ],
        [t.inFlight, subscription.max_in_flight],
        [t.verify, subscription.verify === 'none' ? null : f.verifications[subscription.verify]],
        [t.tls, tls === null || tls.ca.length === 0 ? null : <Certificates key="ca" certificates={tls.ca} />],
        [
          t.client,
          tls === null || tls.certificate.length === 0 ? null : (
            <Certificates key="client" certificates={tls.certificate} />
          ),
        ],
        [t.created, <Time key="created" at={subscription.created_at} isExact />],
        [t.updated, <Time key="updated" at={subscription.updated_at} isExact />],
      ]}
    />
  );
}

function Consumer({ id, isLinked }: Readonly<{ id: string; isLinked: boolean }>) {
  if (!isLinked) return <ForeignText>{id}</ForeignText>;
  return (
    <Link to="/consumers/$id" params={{ id }}>
      <ForeignText>{id}</ForeignText>
    </Link>
  );
}
