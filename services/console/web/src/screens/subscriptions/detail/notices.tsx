import type { ReactNode } from 'react';
import type { Schemas } from '../../../api/client.ts';
import { ForeignText } from '../../../parts/foreign/foreign-text.tsx';
import { Time } from '../../../parts/values/time.tsx';
import type { Breaker } from '../queries.ts';
import { texts } from '../texts.ts';
import styles from './subscription-detail.module.css';

const t = texts.notices;

type Props = Readonly<{ subscription: Schemas['Subscription']; breaker: Breaker | undefined }>;

/** Says what somebody should know at once: why nothing is sent, or what fails. */
export function Notices({ subscription, breaker }: Props) {
  const { state, disabled_at, disabled_reason, failure_count, propagated } = subscription;
  const failures = failure_count ?? 0;
  return (
    <>
      {state === 'disabled' && (
        <Notice tone="bad" title={t.disabledTitle}>
          <p>
            {disabled_reason !== null && (
              <ForeignText>{texts.disabledReasons[disabled_reason] ?? disabled_reason}</ForeignText>
            )}{' '}
            {t.disabledHint}
          </p>
          <p className={styles.soft}>
            {t.since} <Time at={disabled_at} isExact />
          </p>
        </Notice>
      )}
      {state === 'active' && breaker !== undefined && (
        <Notice tone="bad" title={t.breakerTitle}>
          <p>{t.breakerHint}</p>
          <p className={styles.soft}>
            {t.breakerSince} <Time at={breaker.since} isExact /> · {t.breakerProbe}{' '}
            <Time at={breaker.probe_at} isExact isPlanned />
          </p>
        </Notice>
      )}
      {state === 'active' && breaker === undefined && failures > 0 && (
        <Notice tone="warn" title={t.failingTitle}>
          <p>{t.failingHint(failures)}</p>
        </Notice>
      )}
      {!propagated && (
        <Notice tone="warn" title={t.pendingTitle}>
          <p>{t.pendingHint}</p>
        </Notice>
      )}
    </>
  );
}

const Notice = ({
  tone,
  title,
  children,
}: Readonly<{ tone: 'warn' | 'bad'; title: string; children: ReactNode }>) => (
  <div className={styles.notice} data-tone={tone}>
    <strong>{title}</strong>
    {children}
  </div>
);
