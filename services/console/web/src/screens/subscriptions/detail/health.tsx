import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { api, dataOf, type Schemas } from '../../../api/client.ts';
import { useMay } from '../../../app/session-context.ts';
import { AttemptChart } from '../../../parts/delivery/attempt-chart.tsx';
import { SelectFilter } from '../../../parts/list/filter-bar.tsx';
import { Note, Section } from '../../../parts/page/section.tsx';
import { ErrorState, Loading } from '../../../parts/page/states.tsx';
import { Tile, TileRow } from '../../../parts/page/tile-row.tsx';
import { percentText } from '../../../parts/values/percent-text.ts';
import { durationText } from '../../../parts/values/relative-time.ts';
import { texts } from '../texts.ts';
import styles from './subscription-detail.module.css';

const t = texts.health;
const granularities = ['minute', 'hour', 'day'] as const;
const refreshMs = 10_000;

/** The health of an endpoint over time: attempts, failures and latencies. */
export function Health({ id }: Readonly<{ id: string }>) {
  const [granularity, setGranularity] = useState<(typeof granularities)[number]>('hour');
  const mayRead = useMay('deliveries:read');
  const { data, error, refetch } = useQuery({
    queryKey: ['statistics', id, granularity],
    queryFn: async ({ signal }) => {
      const query = { subscription_id: id, granularity };
      return dataOf(api.GET('/v1/webhooks/stats', { params: { query }, signal }));
    },
    enabled: mayRead,
    refetchInterval: refreshMs,
  });
  if (!mayRead) return null;
  return (
    <Section
      title={texts.sections.health}
      actions={
        <SelectFilter
          label={t.range}
          value={granularity}
          options={granularities}
          labelOf={(one) => t.ranges[one]}
          isRequired
          onChange={(next) => setGranularity(next ?? 'hour')}
        />
      }
    >
      {data === undefined ? (
        error === null ? (
          <Loading />
        ) : (
          <ErrorState error={error} onRetry={() => void refetch()} />
        )
      ) : (
        <Figures statistics={data} />
      )}
    </Section>
  );
}

function Figures({ statistics }: Readonly<{ statistics: Schemas['Statistics'] }>) {
  const { total, from, to, granularity, buckets } = statistics;
  const { attempts, failed, dead_lettered, success_rate, attempt_ms, accept_to_delivered_ms } = total;
  if (attempts + dead_lettered === 0) return <Note>{t.none}</Note>;
  const time = (ms: number | null) => (ms === null ? '–' : durationText(ms));
  return (
    <>
      <TileRow>
        <Tile name={t.success}>{success_rate === null ? '–' : percentText(success_rate)}</Tile>
        <Tile name={t.attempts}>{attempts.toLocaleString()}</Tile>
        <Tile name={t.failed} isBad={failed > 0}>
          {failed.toLocaleString()}
        </Tile>
        <Tile name={t.deadLettered} isBad={dead_lettered > 0}>
          {dead_lettered.toLocaleString()}
        </Tile>
        <Tile name={t.duration}>{time(attempt_ms.p95)}</Tile>
        <Tile name={t.latency}>{time(accept_to_delivered_ms.p95)}</Tile>
      </TileRow>
      <div className={styles.chart}>
        <AttemptChart from={from} to={to} granularity={granularity} buckets={buckets} />
      </div>
    </>
  );
}
