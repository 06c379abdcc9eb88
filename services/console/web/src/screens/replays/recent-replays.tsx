import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, dataOf } from '../../api/client.ts';
import { isDryRun, jobTones } from '../../parts/jobs/job-words.ts';
import { Card, Note, Section } from '../../parts/page/section.tsx';
import { ErrorState } from '../../parts/page/states.tsx';
import { SmallTable } from '../../parts/values/small-table.tsx';
import { StatusBadge } from '../../parts/values/status-badge.tsx';
import { Time } from '../../parts/values/time.tsx';
import { jobTexts } from '../../texts/jobs.ts';
import { spanOf } from './replay-span.ts';
import { texts } from './texts.ts';

/** The newest replays that were no dry runs. */
export function RecentReplays() {
  const recent = useQuery({
    queryKey: ['jobs', 'replays'],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/jobs', { params: { query: { kind: 'replay', limit: 50 } }, signal })),
  });
  const replays = recent.data?.data.filter((job) => !isDryRun(job)).slice(0, 10);
  return (
    <Section title={texts.recent}>
      {recent.isError && <ErrorState error={recent.error} onRetry={() => void recent.refetch()} />}
      {replays?.length === 0 && <Note>{texts.none}</Note>}
      {replays !== undefined && replays.length > 0 && (
        <Card>
          <SmallTable
            label={texts.recent}
            columns={texts.columns}
            rows={replays.map((job) => [
              <Link key="span" to="/replays/$id" params={{ id: job.id } as never}>
                {spanOf(job)}
              </Link>,
              <StatusBadge key="state" tone={jobTones[job.state]}>
                {jobTexts.states[job.state]}
              </StatusBadge>,
              (job.progress.counts['sent'] ?? 0).toLocaleString(),
              <Time key="at" at={job.created_at} />,
            ])}
          />
        </Card>
      )}
    </Section>
  );
}
