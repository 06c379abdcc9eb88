import { Link } from '@tanstack/react-router';
import type { Schemas } from '../../api/client.ts';
import { hasPage } from '../../app/screens.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { Card, Links, Note, Section } from '../../parts/page/section.tsx';
import { SmallTable } from '../../parts/values/small-table.tsx';
import { StatusBadge } from '../../parts/values/status-badge.tsx';
import { Time } from '../../parts/values/time.tsx';
import { texts } from './texts.ts';

type Endpoint = Schemas['Subscription'];

/** The first endpoints with their state; the rest is on the page of endpoints. */
export function Endpoints({ page }: Readonly<{ page: Schemas['SubscriptionPage'] }>) {
  return (
    <Section title={texts.endpoints}>
      <Card>
        <SmallTable
          label={texts.endpoints}
          isWordy
          columns={texts.endpointColumns}
          rows={page.data.map((endpoint) => [
            <Name key="name" {...endpoint} />,
            <State key="state" {...endpoint} />,
            endpoint.last_delivery_at === null ? '–' : <Time key="at" at={endpoint.last_delivery_at} />,
          ])}
        />
      </Card>
      {page.next_cursor !== null && <Note>{texts.moreEndpoints}</Note>}
      {hasPage('portal', '/subscriptions') && (
        <Links>
          <Link to={'/subscriptions' as never}>{texts.allEndpoints}</Link>
        </Links>
      )}
    </Section>
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
