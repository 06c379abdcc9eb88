import { Link, useParams } from '@tanstack/react-router';
import { useSession } from '../../app/session-context.ts';
import { LongData } from '../../parts/foreign/long-data.tsx';
import { JobActions } from '../../parts/jobs/job-actions.tsx';
import { JobProgress, useJob } from '../../parts/jobs/job-progress.tsx';
import { jobTones } from '../../parts/jobs/job-words.ts';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { Note, Section } from '../../parts/page/section.tsx';
import { ErrorState, Loading } from '../../parts/page/states.tsx';
import { StatusBadge } from '../../parts/values/status-badge.tsx';
import { jobTexts } from '../../texts/jobs.ts';
import { spanOf } from './replay-span.ts';
import { texts } from './texts.ts';

/** One replay while it goes on, and what became of it. */
export function Page() {
  const { id = '' } = useParams({ strict: false }) as Readonly<{ id?: string }>;
  const { entry } = useSession();
  const job = useJob(id);
  if (job.isPending) return <Loading />;
  if (job.data === undefined)
    return <ErrorState isPage error={job.error} onRetry={() => void job.refetch()} />;
  return (
    <>
      <PageHeader
        title={texts.one}
        above={<Link to="/replays">← {texts.back}</Link>}
        lead={<StatusBadge tone={jobTones[job.data.state]}>{jobTexts.states[job.data.state]}</StatusBadge>}
      >
        <JobActions job={job.data} />
      </PageHeader>
      <JobProgress job={job.data} />
      {entry === 'operator' ? (
        <Section title={texts.request}>
          <LongData text={JSON.stringify(job.data.request)} name={texts.request} />
        </Section>
      ) : (
        <Note>{spanOf(job.data)}</Note>
      )}
    </>
  );
}
