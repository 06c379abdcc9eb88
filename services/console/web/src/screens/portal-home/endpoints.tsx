import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../api/client.ts';
import { hasPage } from '../../app/screens.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { SmallTable } from '../../parts/values/small-table.tsx';
import { StatusBadge } from '../../parts/values/status-badge.tsx';
import { Time } from '../../parts/values/time.tsx';
import styles from './portal-home.module.css';
import { texts } from './texts.ts';

type Endpoint = Schemas['Subscription'];

/** The first endpoints with their state; the rest is on the page of endpoints. */
export function Endpoints({ page }: Readonly<{ page: Schemas['SubscriptionPage'] }>) {
  return (
    <section className={styles.section} aria-labelledby="endpoints">
      <h2 id="endpoints">{texts.endpoints}</h2>
      <SmallTable
        label={texts.endpoints}
        columns={texts.endpointColumns}
        rows={page.data.map((endpoint) => [
          <Name key="name" {...endpoint} />,
          <State key="state" {...endpoint} />,
          endpoint.last_delivery_at === null ? '–' : <Time key="at" at={endpoint.last_delivery_at} />,
        ])}
      />
      {page.next_cursor !== null && <p className={styles.more}>{texts.moreEndpoints}</p>}
      {hasPage('portal', '/subscriptions') && (
        <p className={styles.more}>
          <Link to={'/subscriptions' as never}>{texts.allEndpoints}</Link>
        </p>
      )}
    </section>
  );
}

function Name({ id, description, endpoint_url }: Endpoint) {
  const shown = <ForeignText>{description ?? endpoint_url}</ForeignText>;
  return hasPage('portal', '/subscriptions/$id') ? (
    <Link to={`/subscriptions/${id}` as never}>{shown}</Link>
  ) : (
    shown
  );
}

function State({ state, failure_count, last_delivery_at }: Endpoint) {
  const t = texts.states;
  const failures = failure_count ?? 0;
  if (state !== 'active') return <StatusBadge tone="bad">{t.disabled}</StatusBadge>;
  if (failures > 0) return <StatusBadge tone="warn">{t.failing(failures)}</StatusBadge>;
  if (last_delivery_at === null) return <StatusBadge tone="quiet">{t.unused}</StatusBadge>;
  return <StatusBadge tone="good">{t.healthy}</StatusBadge>;
}
