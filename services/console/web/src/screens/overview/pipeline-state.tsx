import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { Schemas } from '../../api/client.ts';
import { reasonWords } from '../../parts/delivery/failure-words.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { durationText } from '../../parts/values/relative-time.ts';
import { SmallTable } from '../../parts/values/small-table.tsx';
import { StatusBadge } from '../../parts/values/status-badge.tsx';
import { SubscriptionName } from '../../parts/values/subscription-name.tsx';
import { Time } from '../../parts/values/time.tsx';
import { jobTexts } from '../../texts/jobs.ts';
import styles from './overview.module.css';
import { texts } from './texts.ts';

type System = Schemas['System'];

// A newer release may have others.
const { kinds, states }: Readonly<Record<'kinds' | 'states', Readonly<Record<string, string>>>> = jobTexts;

/** Shows where records wait, which circuit breakers are open, and what has ended undelivered. */
export function PipelineState({ system }: Readonly<{ system: System }>) {
  const retries = system.retries?.filter(({ waiting }) => waiting > 0) ?? null;
  const faultOf = (name: string) => system.errors.find(({ part }) => part === name)?.detail;
  return (
    <section className={styles.section} aria-labelledby="pipeline">
      <h2 id="pipeline">{texts.pipeline}</h2>
      <p className={styles.hint}>{texts.pipelineHint}</p>
      <div className={styles.parts}>
        <Part title={texts.hops} fault={faultOf('hops')} rows={system.hops} empty="">
          {(rows) => (
            <SmallTable
              label={texts.hops}
              columns={[texts.hop, texts.lag, texts.age]}
              rows={rows.map(({ name, lag, oldest_at }) => [
                name,
                lag.toLocaleString(),
                lag === 0 ? '–' : <Time key="age" at={oldest_at} />,
              ])}
            />
          )}
        </Part>
        <Part title={texts.retries} fault={faultOf('retries')} rows={retries} empty={texts.retriesEmpty}>
          {(rows) => (
            <SmallTable
              label={texts.retries}
              columns={[texts.delay, texts.waiting, texts.due, texts.age]}
              rows={rows.map(({ delay_seconds, waiting, due, oldest_at }) => [
                durationText(delay_seconds * 1_000),
                waiting.toLocaleString(),
                due.toLocaleString(),
                <Time key="age" at={oldest_at} />,
              ])}
            />
          )}
        </Part>
        <Part
          title={texts.breakers}
          fault={faultOf('breakers')}
          rows={system.breakers?.data ?? null}
          empty={texts.breakersEmpty}
        >
          {(rows) => (
            <SmallTable
              label={texts.breakers}
              columns={[texts.subscription, texts.state, texts.since, texts.probe]}
              rows={rows.map(({ subscription_id, state, since, probe_at }) => [
                <Link key="id" to="/deliveries" search={{ subscription_id } as never}>
                  <SubscriptionName id={subscription_id} />
                </Link>,
                <StatusBadge key="state" tone={state === 'open' ? 'bad' : 'warn'}>
                  {texts.breakerStates[state]}
                </StatusBadge>,
                <Time key="since" at={since} />,
                <Time key="probe" at={probe_at} />,
              ])}
            />
          )}
        </Part>
        <Part
          title={texts.deadLetters}
          fault={faultOf('dead_letters')}
          rows={system.dead_letters}
          empty={texts.deadLettersEmpty}
        >
          {(rows) => (
            <SmallTable
              label={texts.deadLetters}
              isWordy
              columns={[texts.reason, texts.waiting, texts.age]}
              rows={rows.map(({ reason, waiting, oldest_at }) => [
                reasonWords(reason, null),
                waiting.toLocaleString(),
                <Time key="age" at={oldest_at} />,
              ])}
            />
          )}
        </Part>
        <Part title={texts.jobs} fault={faultOf('jobs')} rows={system.jobs} empty={texts.jobsEmpty}>
          {(rows) => (
            <SmallTable
              label={texts.jobs}
              columns={[texts.kind, texts.state, texts.count]}
              rows={rows.map(({ kind, state, count }) => [
                kinds[kind] ?? kind,
                states[state] ?? state,
                count.toLocaleString(),
              ])}
            />
          )}
        </Part>
      </div>
    </section>
  );
}

type PartProps<T> = Readonly<{
  title: string;
  /** Why it could not be read. */
  fault: string | undefined;
  rows: readonly T[] | null;
  empty: string;
  children: (rows: readonly T[]) => ReactNode;
}>;

function Part<T>({ title, fault, rows, empty, children }: PartProps<T>) {
  return (
    <section className={styles.part}>
      <h3>{title}</h3>
      {rows === null ? (
        <p className={styles.hint}>
          {texts.unknown} {fault !== undefined && <ForeignText>{fault}</ForeignText>}
        </p>
      ) : rows.length === 0 ? (
        <p className={styles.hint}>{empty}</p>
      ) : (
        children(rows)
      )}
    </section>
  );
}
