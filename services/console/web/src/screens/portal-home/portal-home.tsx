import { useQuery } from '@tanstack/react-query';
import { api, dataOf } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { AttemptChart } from '../../parts/delivery/attempt-chart.tsx';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { Section } from '../../parts/page/section.tsx';
import { ErrorState, Loading } from '../../parts/page/states.tsx';
import { Endpoints } from './endpoints.tsx';
import { Failing } from './failing.tsx';
import { Figures } from './figures.tsx';
import { FirstSteps } from './first-steps.tsx';
import { texts } from './texts.ts';

const refreshMs = 10_000;
const shownEndpoints = 8;

/** Shows a partner how its endpoints are, what fails and why, or how to begin. It refreshes itself. */
export function Page() {
  const mayReadEndpoints = useMay('subscriptions:read');
  const mayReadDeliveries = useMay('deliveries:read');
  const endpoints = useQuery({
    queryKey: ['subscriptions', 'portal-home'],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/subscriptions', { params: { query: { limit: shownEndpoints } }, signal })),
    refetchInterval: refreshMs,
    enabled: mayReadEndpoints,
  });
  const statistics = useQuery({
    queryKey: ['statistics', 'last-day'],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/stats', { params: { query: { granularity: 'hour' } }, signal })),
    refetchInterval: refreshMs,
    enabled: mayReadDeliveries,
  });
  const undelivered = useQuery({
    queryKey: ['undelivered', 'portal-home'],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/deliveries/undelivered', { params: { query: { limit: 1 } }, signal })),
    refetchInterval: refreshMs,
    enabled: mayReadDeliveries,
  });
  if ((mayReadEndpoints && endpoints.isPending) || (mayReadDeliveries && statistics.isPending))
    return <Loading />;
  const isNew = mayReadEndpoints && endpoints.data?.data.length === 0;
  const hasTraffic = (statistics.data?.total.attempts ?? 0) > 0;
  return (
    <>
      <PageHeader title={texts.title} {...(isNew ? {} : { lead: texts.lastDay })} />
      {isNew && <FirstSteps />}
      {statistics.data !== undefined && !isNew && (
        <Figures total={statistics.data.total} undelivered={undelivered.data?.total} />
      )}
      {statistics.data !== undefined && hasTraffic && (
        <Section title={texts.chart}>
          <AttemptChart {...statistics.data} />
        </Section>
      )}
      {statistics.data === undefined && mayReadDeliveries && (
        <ErrorState error={statistics.error} onRetry={() => void statistics.refetch()} />
      )}
      {mayReadDeliveries && !isNew && <Failing refreshMs={refreshMs} />}
      {mayReadEndpoints && endpoints.data === undefined && (
        <ErrorState error={endpoints.error} onRetry={() => void endpoints.refetch()} />
      )}
      {endpoints.data !== undefined && !isNew && <Endpoints page={endpoints.data} />}
    </>
  );
}
