import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { DeliveryStatus } from '../../parts/delivery/delivery-status.tsx';
import { ErasedMark } from '../../parts/delivery/erased-mark.tsx';
import { failureWords } from '../../parts/delivery/failure-words.ts';
import { ConfirmButton } from '../../parts/dialog/confirm-button.tsx';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { Explanation } from '../../parts/page/section.tsx';
import { ErrorState, Loading } from '../../parts/page/states.tsx';
import { useToast } from '../../parts/page/toast.tsx';
import { CopyButton } from '../../parts/values/copy-button.tsx';
import { AttemptTimeline } from './attempt-timeline.tsx';
import { curlCommand } from './curl-command.ts';
import styles from './delivery-detail.module.css';
import { DeliveryFacts } from './delivery-facts.tsx';
import { isUnderWay, lastManualAt, refreshMs } from './refresh.ts';
import { texts } from './texts.ts';

type Delivery = Schemas['Delivery'];

/** One delivery: what became of it and why, and every attempt. */
export function Page() {
  const { id = '' } = useParams({ strict: false }) as Readonly<{ id?: string }>;
  const params = { path: { id } };
  const [resentAfter, setResentAfter] = useState<string | null>();
  const delivery = useQuery({
    queryKey: ['delivery', id],
    queryFn: async ({ signal }) => dataOf(api.GET('/v1/webhooks/deliveries/{id}', { params, signal })),
    refetchInterval: ({ state: { data } }) => refreshMs(data, resentAfter),
  });
  if (delivery.isPending) return <Loading />;
  if (delivery.data === undefined)
    return <ErrorState isPage error={delivery.error} onRetry={() => void delivery.refetch()} />;
  const shown = delivery.data;
  const onResent = () => {
    setResentAfter(lastManualAt(shown));
    void delivery.refetch();
  };
  return <DeliveryView delivery={shown} onResent={onResent} />;
}

function DeliveryView({ delivery, onResent }: Readonly<{ delivery: Delivery; onResent: () => void }>) {
  const { id, event_type, status, attempts } = delivery;
  const { event, subscription } = useContext(delivery);
  const words = failureWords(delivery);
  return (
    <>
      <PageHeader
        title={event_type}
        above={<Link to="/deliveries">← {texts.back}</Link>}
        lead={
          <>
            <DeliveryStatus status={status} /> {delivery.erased && <ErasedMark />}
          </>
        }
      >
        {!delivery.erased && (
          <CopyButton
            label={texts.copyCurl}
            done={texts.copiedCurl}
            text={() => curlCommand({ delivery, event, url: subscription?.endpoint_url })}
          />
        )}
        {!delivery.erased && isReceiving(subscription) && <Resend id={id} onDone={onResent} />}
      </PageHeader>
      {delivery.erased && (
        <Explanation>
          <p>{texts.erasedHint}</p>
        </Explanation>
      )}
      {words.length > 0 && (
        <Explanation>
          {words.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </Explanation>
      )}
      <DeliveryFacts delivery={delivery} subscription={subscription} />
      <section aria-labelledby="attempts">
        <h2 id="attempts" className={styles.title}>
          {texts.attempts}
        </h2>
        {attempts.length === 0 ? (
          <p className={styles.note}>{isUnderWay(delivery) ? texts.noAttempts : texts.neverAttempted}</p>
        ) : (
          <AttemptTimeline attempts={attempts} event={event} />
        )}
        {delivery.attempts_truncated && <p className={styles.note}>{texts.truncated}</p>}
      </section>
    </>
  );
}

// The API refuses to resend to another. One that cannot be read may receive.
const isReceiving = (subscription: Schemas['Subscription'] | undefined): boolean =>
  subscription === undefined || subscription.state === 'active';

/** Reads what a delivery refers to. It is shown if the key may see it and it is still there. */
function useContext({ event_id, subscription_id }: Delivery) {
  const maySubscriptions = useMay('subscriptions:read');
  const event = useQuery({
    queryKey: ['event', event_id],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/events/{id}', { params: { path: { id: event_id } }, signal })),
    retry: false,
  });
  const subscription = useQuery({
    queryKey: ['subscription', subscription_id],
    queryFn: async ({ signal }) =>
      dataOf(
        api.GET('/v1/webhooks/subscriptions/{id}', { params: { path: { id: subscription_id } }, signal }),
      ),
    enabled: maySubscriptions,
    retry: false,
  });
  return { event: event.data, subscription: subscription.data };
}

function Resend({ id, onDone }: Readonly<{ id: string; onDone: () => void }>) {
  const may = useMay('deliveries:write');
  const toast = useToast();
  // One key for one intention: a second click, or a repeat after an error, sends no second webhook.
  const [key, setKey] = useState('');
  if (!may) return null;
  const resend = async () => {
    const params = { path: { id }, header: { 'Idempotency-Key': key } };
    await dataOf(api.POST('/v1/webhooks/deliveries/{id}/retry', { params }));
    toast(texts.resent);
    onDone();
  };
  return (
    <ConfirmButton
      title={texts.resendTitle}
      action={texts.resend}
      onOpen={() => setKey(crypto.randomUUID())}
      onConfirm={resend}
    >
      <p>{texts.resendHint}</p>
    </ConfirmButton>
  );
}
