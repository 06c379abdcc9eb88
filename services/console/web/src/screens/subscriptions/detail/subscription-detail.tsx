import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { Schemas } from '../../../api/client.ts';
import { useMay, useSession } from '../../../app/session-context.ts';
import { FieldList } from '../../../parts/foreign/field-list.tsx';
import { LongData } from '../../../parts/foreign/long-data.tsx';
import { ButtonLink } from '../../../parts/page/button.tsx';
import { PageHeader } from '../../../parts/page/page-header.tsx';
import { Card, Note, Section } from '../../../parts/page/section.tsx';
import { ErrorState, Loading } from '../../../parts/page/states.tsx';
import { useNames } from '../names.ts';
import { useBreakers, useSubscription } from '../queries.ts';
import { SubscriptionState } from '../subscription-state.tsx';
import { texts } from '../texts.ts';
import { NewSecret } from '../verification/new-secret.tsx';
import { Verification } from '../verification/verification.tsx';
import { DeleteAction, StateAction } from './change-state.tsx';
import { Health } from './health.tsx';
import { Notices } from './notices.tsx';
import { RecentDeliveries } from './recent-deliveries.tsx';
import { RotateSecret } from './rotate-secret.tsx';
import { Secrets } from './secrets.tsx';
import { SendTest } from './send-test.tsx';
import styles from './subscription-detail.module.css';
import { SubscriptionFacts } from './subscription-facts.tsx';

type Subscription = Schemas['Subscription'];

const refreshMs = 5_000;

/** One subscription: its health, what it was sent, and its settings. */
export function Page() {
  const { id = '' } = useParams({ strict: false }) as Readonly<{ id?: string }>;
  const { data, error, refetch } = useSubscription(id, refreshMs);
  if (data !== undefined) return <SubscriptionView key={id} subscription={data} />;
  return error === null ? <Loading /> : <ErrorState isPage error={error} onRetry={() => void refetch()} />;
}

function SubscriptionView({ subscription }: Readonly<{ subscription: Subscription }>) {
  const { id, endpoint_url, state } = subscription;
  const names = useNames();
  const { entry } = useSession();
  const mayWrite = useMay('subscriptions:write');
  const breaker = useBreakers(id).get(id);
  const [rotated, setRotated] = useState<Schemas['SubscriptionWithSecret'] | null>(null);
  const { consumer_id } = subscription;
  return (
    <>
      <PageHeader
        title={endpoint_url}
        above={<Link to="/subscriptions">← {names.back}</Link>}
        lead={
          <span className={styles.lead}>
            <SubscriptionState subscription={subscription} isCircuitOpen={breaker !== undefined} />
            {entry === 'operator' && consumer_id !== null && <bdi>{consumer_id}</bdi>}
          </span>
        }
      >
        {mayWrite && state !== 'deleted' && (
          <>
            <SendTest subscription={subscription} />
            <ButtonLink to={`/subscriptions/${id}/edit`}>{texts.actions.edit}</ButtonLink>
            <RotateSecret subscription={subscription} onRotated={setRotated} />
            <StateAction subscription={subscription} />
            <DeleteAction subscription={subscription} />
          </>
        )}
      </PageHeader>
      {rotated !== null && (
        <NewSecret
          subscription={rotated}
          title={rotated.secret === null ? texts.rotatedKeysTitle : texts.rotatedTitle}
          onDone={() => setRotated(null)}
        />
      )}
      <Notices subscription={subscription} breaker={breaker} />
      <Health id={id} />
      <RecentDeliveries id={id} />
      <Settings subscription={subscription} />
    </>
  );
}

function Settings({ subscription }: Readonly<{ subscription: Subscription }>) {
  const { headers, secret_headers, filters } = subscription;
  const masked = Object.keys(secret_headers).map((name) => [name, texts.facts.maskedHeader] as const);
  const fields = Object.fromEntries([...Object.entries(headers), ...masked]);
  const hasHeaders = Object.keys(fields).length > 0;
  return (
    <>
      <Section title={texts.sections.settings}>
        <SubscriptionFacts subscription={subscription} />
      </Section>
      <div className={styles.columns}>
        <Section title={texts.sections.filter}>
          {filters === null ? (
            <Note>{texts.facts.noFilter}</Note>
          ) : (
            <LongData text={JSON.stringify(filters)} name={texts.sections.filter} />
          )}
        </Section>
        <Section title={texts.sections.headers}>
          {hasHeaders ? (
            <Card>
              <FieldList fields={fields} />
            </Card>
          ) : (
            <Note>{texts.facts.noHeaders}</Note>
          )}
        </Section>
      </div>
      <Section title={texts.sections.secrets}>
        <Secrets secrets={subscription.secrets} />
      </Section>
      <div className={styles.section}>
        <Verification subscription={subscription} />
      </div>
    </>
  );
}
