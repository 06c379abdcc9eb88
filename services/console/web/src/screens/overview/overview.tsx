import { useQuery } from '@tanstack/react-query';
import { api, dataOf } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { AttemptChart } from '../../parts/delivery/attempt-chart.tsx';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { Section } from '../../parts/page/section.tsx';
import { ErrorState, Loading, NotAllowed } from '../../parts/page/states.tsx';
import { Time } from '../../parts/values/time.tsx';
import { FirstSteps } from './first-steps/first-steps.tsx';
import { PublishByHand } from './first-steps/publish-by-hand.tsx';
import { useDemoInbox } from './first-steps/use-first-steps.ts';
import { OutageNotice } from './outage-notice.tsx';
import styles from './overview.module.css';
import { PipelineState } from './pipeline-state.tsx';
import { texts } from './texts.ts';
import { Tiles } from './tiles.tsx';

const statisticsMs = 5_000;
const systemMs = 2_000;

/** Shows what happened in the last hour, and what waits where. It refreshes itself. */
export function Page() {
  const mayRead = useMay('deliveries:read');
  const mayOperate = useMay('platform');
  const inbox = useDemoInbox();
  const statistics = useQuery({
    queryKey: ['statistics', 'last-hour'],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/stats', { params: { query: { granularity: 'minute' } }, signal })),
    refetchInterval: statisticsMs,
    enabled: mayRead,
  });
  const system = useQuery({
    queryKey: ['system'],
    queryFn: async ({ signal }) => dataOf(api.GET('/v1/webhooks/system', { signal })),
    refetchInterval: systemMs,
    enabled: mayOperate,
  });
  if (!mayRead) return <NotAllowed scope="deliveries:read" />;
  if (statistics.isPending) return <Loading />;
  if (statistics.data === undefined) {
    return <ErrorState isPage error={statistics.error} onRetry={() => void statistics.refetch()} />;
  }
  const { total, buckets, from, to } = statistics.data;
  const hasTraffic = total.accepted > 0 || total.attempts > 0;
  return (
    <>
      <PageHeader title={texts.title} lead={texts.lastHour} />
      {system.data !== undefined && <OutageNotice system={system.data} />}
      {statistics.isError && (
        <p role="status" className={styles.stale}>
          {texts.stale} <Time at={new Date(statistics.dataUpdatedAt).toISOString()} />
        </p>
      )}
      {inbox !== null && <FirstSteps key={inbox.subscriptionId} inbox={inbox} />}
      <Tiles total={total} system={system.data} />
      {hasTraffic ? (
        <Section title={texts.chart}>
          <AttemptChart from={from} to={to} granularity="minute" buckets={buckets} />
        </Section>
      ) : (
        inbox === null && <PublishByHand />
      )}
      {mayOperate && system.data !== undefined && <PipelineState system={system.data} />}
      {mayOperate && system.data === undefined && system.error !== null && (
        <ErrorState error={system.error} onRetry={() => void system.refetch()} />
      )}
    </>
  );
}
