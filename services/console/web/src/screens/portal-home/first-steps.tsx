import { hasPage } from '../../app/screens.ts';
import { ButtonLink } from '../../parts/page/button.tsx';
import styles from './portal-home.module.css';
import { texts } from './texts.ts';

/** Leads a partner without endpoints from the address of its server to the first event. */
export function FirstSteps() {
  return (
    <section className={styles.steps} aria-labelledby="steps">
      <h2 id="steps">{texts.steps}</h2>
      <p className={styles.quiet}>{texts.stepsHint}</p>
      <ol>
        <li>
          <p>{texts.addEndpoint}</p>
          {hasPage('portal', '/subscriptions/new') && (
            <ButtonLink to="/subscriptions/new" kind="primary">
              {texts.openEndpoints}
            </ButtonLink>
          )}
        </li>
        <li>{texts.keepSecret}</li>
        <li>{texts.answer}</li>
        <li>{texts.remember}</li>
        <li>
          <p>{texts.watch}</p>
          <ButtonLink to="/deliveries">{texts.openDeliveries}</ButtonLink>
        </li>
      </ol>
    </section>
  );
}
