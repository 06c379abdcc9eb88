import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { problemOf } from '../../../api/api-problem.ts';
import { api, dataOf, type Schemas } from '../../../api/client.ts';
import { useMay } from '../../../app/session-context.ts';
import { Exchange, ExchangePart } from '../../../parts/delivery/exchange.tsx';
import { reasonWords } from '../../../parts/delivery/failure-words.ts';
import dialogStyles from '../../../parts/dialog/dialog.module.css';
import { Dialog } from '../../../parts/dialog/dialog.tsx';
import { LongData } from '../../../parts/foreign/long-data.tsx';
import { Button } from '../../../parts/page/button.tsx';
import { durationText } from '../../../parts/values/relative-time.ts';
import { StatusBadge } from '../../../parts/values/status-badge.tsx';
import { texts } from '../texts.ts';
import styles from './subscription-detail.module.css';

type Result = Schemas['TestResult'];
type Run = Readonly<
  { kind: 'sending' } | { kind: 'done'; result: Result } | { kind: 'refused'; text: string }
>;
type Props = Readonly<{ subscription: Schemas['Subscription'] }>;

const t = texts.test;

/** Sends one signed test to the endpoint now, and shows its request and response. */
export function SendTest({ subscription: { id } }: Props) {
  const [run, setRun] = useState<Run | null>(null);
  const queries = useQueryClient();
  const send = async () => {
    setRun({ kind: 'sending' });
    // Each click is a test of its own.
    const params = { path: { id }, header: { 'Idempotency-Key': crypto.randomUUID() } };
    try {
      const result = await dataOf(
        api.POST('/v1/webhooks/subscriptions/{id}/test', { params, body: {} as never }),
      );
      setRun({ kind: 'done', result });
    } catch (error) {
      setRun({ kind: 'refused', text: problemOf(error)?.message ?? String(error) });
    }
    void queries.invalidateQueries({ queryKey: ['deliveries', 'recent', id] });
  };
  return (
    <>
      <Button kind="primary" onClick={() => void send()}>
        {texts.actions.test}
      </Button>
      <Dialog isOpen={run !== null} isWide title={t.title} onClose={() => setRun(null)}>
        {run?.kind === 'sending' && <p role="status">{t.sending}</p>}
        {run?.kind === 'refused' && (
          <p className={dialogStyles.error} role="alert">
            {run.text}
          </p>
        )}
        {run?.kind === 'done' && <TestResult result={run.result} />}
        {run !== null && run.kind !== 'sending' && (
          <div className={dialogStyles.actions}>
            <Button onClick={() => void send()}>{texts.actions.retry}</Button>
          </div>
        )}
      </Dialog>
    </>
  );
}

function TestResult({ result }: Readonly<{ result: Result }>) {
  const { success, status_code, duration_ms, error, recorded, delivery_id, request_body } = result;
  const mayRead = useMay('deliveries:read');
  return (
    <div className={styles.result}>
      <div className={styles.outcome} role="status">
        <StatusBadge tone={success ? 'good' : 'bad'}>{success ? t.delivered : t.failed}</StatusBadge>
        {status_code !== null && (
          <span>
            {t.status} <strong>{status_code}</strong>
          </span>
        )}
        <span>
          {t.took} {durationText(duration_ms)}
        </span>
      </div>
      {error !== null && <p>{reasonWords(error, status_code)}</p>}
      <Exchange
        label={t.title}
        exchange={result}
        body={
          <ExchangePart title={t.body}>
            <LongData text={request_body} name={t.body} />
          </ExchangePart>
        }
      />
      {!recorded && <p className={styles.soft}>{t.unrecorded}</p>}
      {recorded && mayRead && (
        <p>
          <Link to="/deliveries/$id" params={{ id: delivery_id }}>
            {t.delivery}
          </Link>
        </p>
      )}
    </div>
  );
}
