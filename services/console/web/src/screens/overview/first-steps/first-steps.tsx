import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { Button } from '../../../parts/page/button.tsx';
import { StatusBadge } from '../../../parts/values/status-badge.tsx';
import { Time } from '../../../parts/values/time.tsx';
import type { DemoInbox } from './demo-inbox.ts';
import styles from './first-steps.module.css';
import type { Seen, Step, StepName } from './steps.ts';
import { texts } from './texts.ts';
import { useFirstSteps } from './use-first-steps.ts';

/**
 * Leads a newcomer through publishing, a failure, and a replay, with the inbox of `npm start`. Put aside, it is a button
 * that shows it again.
 */
export function FirstSteps({ inbox }: Readonly<{ inbox: DemoInbox }>) {
  const { steps, first, second, act, isWorking, error, restart, progress, add } = useFirstSteps(inbox);
  const isOver = steps.every(({ state }) => state === 'done');
  if (progress.isAside === true) {
    return (
      <p className={styles.aside}>
        <Button size="small" kind="quiet" onClick={() => add({ isAside: false })}>
          {texts.show}
        </Button>
      </p>
    );
  }
  const about: Readonly<Partial<Record<StepName, ReactNode>>> = {
    arrive: <Arrival delivery={first} inbox={inbox} />,
    retry: <Failure delivery={second} />,
    replay: <Arrival delivery={second?.status === 'delivered' ? second : null} inbox={inbox} />,
  };
  return (
    <section className={styles.panel} aria-labelledby="first-steps">
      <header className={styles.header}>
        <div>
          <h2 id="first-steps">{texts.title}</h2>
          <p className={styles.hint}>{texts.lead}</p>
        </div>
        <div className={styles.headerActions}>
          {progress.firstEvent !== undefined && (
            <Button size="small" kind="quiet" onClick={restart} disabled={inbox.isBroken}>
              {texts.again}
            </Button>
          )}
          <Button size="small" onClick={() => add({ isAside: true })}>
            {texts.hide}
          </Button>
        </div>
      </header>
      <ol className={styles.steps}>
        {steps.map((step) => (
          <StepItem
            key={step.name}
            step={step}
            isWorking={isWorking}
            error={error}
            onAct={() => void act(step.name)}
          >
            {about[step.name]}
          </StepItem>
        ))}
      </ol>
      {isOver && <Over />}
    </section>
  );
}

type ItemProps = Readonly<{
  step: Step;
  isWorking: boolean;
  error: string | null;
  onAct: () => void;
  children: ReactNode;
}>;

function StepItem({ step: { name, state }, isWorking, error, onAct, children }: ItemProps) {
  const step = texts.steps[name];
  const isCurrent = state === 'current';
  return (
    <li className={styles.step} data-state={state} aria-current={isCurrent ? 'step' : undefined}>
      <div className={styles.content}>
        <h3>
          {step.title}
          <span className="hidden-text"> ({texts.states[state]})</span>
        </h3>
        {isCurrent && <p className={styles.hint}>{step.hint}</p>}
        {state !== 'later' && <div role="status">{children}</div>}
        {isCurrent && 'action' in step && (
          <Button kind="primary" disabled={isWorking} onClick={onAct}>
            {isWorking ? texts.working : step.action}
          </Button>
        )}
        {isCurrent && error !== null && (
          <p className={styles.error} role="alert">
            {error}
          </p>
        )}
      </div>
    </li>
  );
}

const seeDelivery = (id: string) => (
  <Link to="/deliveries/$id" params={{ id }}>
    {texts.seeDelivery}
  </Link>
);

function Arrival({ delivery, inbox }: Readonly<{ delivery: Seen | null; inbox: DemoInbox }>) {
  if (delivery === null) return null;
  if (delivery.status !== 'delivered') return <StatusBadge tone="busy">{texts.onItsWay}</StatusBadge>;
  return (
    <p className={styles.facts}>
      <StatusBadge tone="good">{texts.arrived}</StatusBadge>
      {seeDelivery(delivery.id)}
      <a href={inbox.pageUrl} target="_blank" rel="noreferrer">
        {texts.openInbox}
      </a>
    </p>
  );
}

function Failure({ delivery }: Readonly<{ delivery: Seen | null }>) {
  if (delivery === null || delivery.attempt_count === 0)
    return <StatusBadge tone="busy">{texts.onItsWay}</StatusBadge>;
  // The last attempt of a delivery that has arrived is not a failure.
  const failures = delivery.status === 'delivered' ? delivery.attempt_count - 1 : delivery.attempt_count;
  return (
    <p className={styles.facts}>
      <StatusBadge tone="warn">
        {texts.failed(failures, delivery.status === 'delivered' ? 503 : delivery.last_status_code)}
      </StatusBadge>
      {delivery.next_attempt_at !== null && (
        <span>
          {texts.next} <Time at={delivery.next_attempt_at} isPlanned />
        </span>
      )}
      {seeDelivery(delivery.id)}
    </p>
  );
}

const Over = () => (
  <div className={styles.over}>
    <h3>{texts.doneTitle}</h3>
    <p className={styles.hint}>{texts.doneHint}</p>
    <p className={styles.facts}>
      <Link to="/event-types">{texts.nextSteps.types}</Link>
      <Link to="/subscriptions/new">{texts.nextSteps.subscription}</Link>
      <Link to="/deliveries">{texts.nextSteps.deliveries}</Link>
    </p>
  </div>
);
