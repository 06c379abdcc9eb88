import { Link, useParams } from '@tanstack/react-router';
import { ForeignText } from '../../parts/foreign/foreign-text.tsx';
import { LongData } from '../../parts/foreign/long-data.tsx';
import { JobActions } from '../../parts/jobs/job-actions.tsx';
import { JobProgress, useJob } from '../../parts/jobs/job-progress.tsx';
import { isDryRun, type Job, jobTones } from '../../parts/jobs/job-words.ts';
import { PageHeader } from '../../parts/page/page-header.tsx';
import { Note, Section } from '../../parts/page/section.tsx';
import { ErrorState, Loading } from '../../parts/page/states.tsx';
import { CopyableId } from '../../parts/values/copyable-id.tsx';
import { Facts } from '../../parts/values/facts.tsx';
import { KeyName } from '../../parts/values/key-name.tsx';
import { StatusBadge } from '../../parts/values/status-badge.tsx';
import { Time } from '../../parts/values/time.tsx';
import { jobTexts } from '../../texts/jobs.ts';
import styles from './job-detail.module.css';
import { texts } from './texts.ts';

/** One job: how far it is, and what became of what it has done. */
export function Page() {
  const { id = '' } = useParams({ strict: false }) as Readonly<{ id?: string }>;
  const job = useJob(id);
  if (job.isPending) return <Loading />;
  if (job.data === undefined)
    return <ErrorState isPage error={job.error} onRetry={() => void job.refetch()} />;
  const { kind, state, request } = job.data;
  return (
    <>
      <PageHeader
        title={`${jobTexts.kinds[kind]}${isDryRun(job.data) ? ` · ${jobTexts.dryRun}` : ''}`}
        above={<Link to="/jobs">← {texts.back}</Link>}
        lead={<StatusBadge tone={jobTones[state]}>{jobTexts.states[state]}</StatusBadge>}
      >
        <JobActions job={job.data} />
      </PageHeader>
      <section className={styles.section} aria-label={texts.progress}>
        <JobProgress job={job.data} />
        {isDryRun(job.data) && <Note>{texts.dryRunHint}</Note>}
      </section>
      <JobFacts job={job.data} />
      <Section title={texts.request}>
        <LongData text={JSON.stringify(request)} name={texts.request} />
      </Section>
    </>
  );
}

function JobFacts({ job }: Readonly<{ job: Job }>) {
  const t = texts.facts;
  return (
    <Facts
      facts={[
        [t.id, <CopyableId key="id" id={job.id} name={t.id} />],
        [t.by, <KeyName key="by" id={job.requested_by} />],
        [
          t.consumer,
          job.consumer_id === null ? null : <ForeignText key="consumer">{job.consumer_id}</ForeignText>,
        ],
        [t.created, <Time key="created" at={job.created_at} isExact />],
        [t.started, <Time key="started" at={job.started_at} isExact />],
        [t.ended, job.ended_at === null ? null : <Time key="ended" at={job.ended_at} isExact />],
        [t.rate, job.rate_per_second === null ? null : texts.rate(job.rate_per_second)],
      ]}
    />
  );
}
