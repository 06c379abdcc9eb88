import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, dataOf } from '../../api/client.ts';
import { ErasedMark } from '../../parts/delivery/erased-mark.tsx';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { Card, Section } from '../../parts/page/section.tsx';
import { ErrorState } from '../../parts/page/states.tsx';
import { RunStatus } from '../../parts/runs/run-status.tsx';
import { SmallTable } from '../../parts/values/small-table.tsx';
import { Time } from '../../parts/values/time.tsx';
import { texts } from './texts.ts';

const t = texts.runs;
const shown = 10;
const refreshMs = 5_000;

/** The runs that an event has started in worker applications. Nothing if there are none, as where nobody has such an application. */
export function EventRuns({ id }: Readonly<{ id: string }>) {
  const { data, error, refetch } = useQuery({
    queryKey: ['runs-of-event', id],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/runs', { params: { query: { event_id: id, limit: shown } }, signal })),
    refetchInterval: refreshMs,
  });
  if (data === undefined ? error === null : data.data.length === 0) return null;
  return (
    <Section
      title={t.title}
      actions={
        <Link to="/runs" search={{ event_id: id } as never}>
          {t.all}
        </Link>
      }
    >
      {data === undefined ? (
        <ErrorState error={error} onRetry={() => void refetch()} />
      ) : (
        <Card>
          <SmallTable
            label={t.title}
            columns={t.columns}
            rows={data.data.map((run) => [
              <Link key="handler" to="/runs/$id" params={{ id: run.id }}>
                <ForeignText>{run.handler}</ForeignText>
              </Link>,
              <ForeignText key="app">{run.app}</ForeignText>,
              <span key="status">
                <RunStatus status={run.status} /> {run.erased && <ErasedMark />}
              </span>,
              <Time key="changed" at={run.changed_at} />,
            ])}
          />
        </Card>
      )}
    </Section>
  );
}
