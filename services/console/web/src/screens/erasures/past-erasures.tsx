import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, dataOf } from '../../api/client.ts';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { type Job, jobTones } from '../../parts/jobs/job-words.ts';
import { Card, Note, Section } from '../../parts/page/section.tsx';
import { ErrorState } from '../../parts/page/states.tsx';
import { KeyName } from '../../parts/values/key-name.tsx';
import { SmallTable } from '../../parts/values/small-table.tsx';
import { StatusBadge } from '../../parts/values/status-badge.tsx';
import { Time } from '../../parts/values/time.tsx';
import { jobTexts } from '../../texts/jobs.ts';
import { texts } from './texts.ts';

const subjectOf = ({ request }: Job): string => {
  const { event_id, consumer_id } = request as Readonly<{ event_id?: string; consumer_id?: string }>;
  return event_id === undefined ? `${texts.ofConsumer} ${consumer_id ?? ''}` : `${texts.ofEvent} ${event_id}`;
};

/** The newest erasures. */
export function PastErasures() {
  const past = useQuery({
    queryKey: ['jobs', 'erasures'],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/jobs', { params: { query: { kind: 'erasure', limit: 20 } }, signal })),
  });
  return (
    <Section title={texts.past}>
      {past.isError && <ErrorState error={past.error} onRetry={() => void past.refetch()} />}
      {past.data?.data.length === 0 && <Note>{texts.none}</Note>}
      {past.data !== undefined && past.data.data.length > 0 && (
        <Card>
          <SmallTable
            label={texts.past}
            columns={texts.columns}
            rows={past.data.data.map((job) => [
              <Link key="what" to="/jobs/$id" params={{ id: job.id } as never}>
                <ForeignText>{subjectOf(job)}</ForeignText>
              </Link>,
              <StatusBadge key="state" tone={jobTones[job.state]}>
                {jobTexts.states[job.state]}
              </StatusBadge>,
              <KeyName key="by" id={job.requested_by} />,
              <Time key="at" at={job.created_at} />,
            ])}
          />
        </Card>
      )}
    </Section>
  );
}
