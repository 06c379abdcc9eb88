import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { ButtonLink } from '../../parts/page/button.tsx';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { ErrorState, Loading } from '../../parts/page/states.tsx';
import { CopyableId } from '../../parts/values/copyable-id.tsx';
import { Facts } from '../../parts/values/facts.tsx';
import { Time } from '../../parts/values/time.tsx';
import styles from './consumer-detail.module.css';
import { ConsumerKeys } from './consumer-keys.tsx';
import { ConsumerState } from './consumer-state.tsx';
import { ConsumerSubscriptions } from './consumer-subscriptions.tsx';
import { CreatePortalLink } from './create-portal-link.tsx';
import { CreateToken } from './create-token.tsx';
import { SwitchConsumer } from './switch-consumer.tsx';
import { texts } from './texts.ts';

/** One consumer: its subscriptions with their limits, and its keys. */
export function Page() {
  const { id = '' } = useParams({ strict: false }) as Readonly<{ id?: string }>;
  const consumer = useQuery({
    queryKey: ['consumer', id],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/consumers/{id}', { params: { path: { id } }, signal })),
  });
  if (consumer.isPending) return <Loading />;
  if (consumer.data === undefined)
    return <ErrorState isPage error={consumer.error} onRetry={() => void consumer.refetch()} />;
  return <ConsumerView consumer={consumer.data} onChanged={() => void consumer.refetch()} />;
}

type Props = Readonly<{ consumer: Schemas['Consumer']; onChanged: () => void }>;

function ConsumerView({ consumer, onChanged }: Props) {
  const mayChange = useMay('admin');
  const mayDeliveries = useMay('deliveries:read');
  const { id, name, contact, state, created_at, updated_at } = consumer;
  const t = texts.facts;
  return (
    <>
      <PageHeader
        title={name ?? id}
        above={<Link to="/consumers">← {texts.back}</Link>}
        lead={<ConsumerState state={state} />}
      >
        {mayChange && state === 'active' && <CreateToken consumerId={id} />}
        {mayChange && state === 'active' && <CreatePortalLink consumerId={id} />}
        {mayChange && <ButtonLink to={`/consumers/${encodeURIComponent(id)}/edit`}>{texts.edit}</ButtonLink>}
        {mayChange && <SwitchConsumer consumer={consumer} onChanged={onChanged} />}
      </PageHeader>
      {state === 'disabled' && <p className={styles.warning}>{texts.isDisabled}</p>}
      <Facts
        facts={[
          [t.id, <CopyableId key="id" id={id} name={t.id} />],
          [t.contact, contact === null ? null : <ForeignText key="contact">{contact}</ForeignText>],
          [t.created, <Time key="created" at={created_at} isExact />],
          [t.updated, <Time key="updated" at={updated_at} isExact />],
        ]}
      />
      <p className={styles.links}>
        {mayDeliveries && (
          <Link to="/deliveries" search={{ consumer_id: id } as never}>
            {texts.deliveries}
          </Link>
        )}
        {mayDeliveries && (
          <Link to="/events" search={{ consumer_id: id } as never}>
            {texts.eventsOf}
          </Link>
        )}
        {mayChange && (
          <Link
            to="/audit-log"
            search={{ kind: 'consumer', entity_id: `${consumer.workspace_id}/${id}` } as never}
          >
            {texts.changes}
          </Link>
        )}
      </p>
      <ConsumerSubscriptions consumerId={id} />
      {mayChange && <ConsumerKeys consumerId={id} />}
    </>
  );
}
