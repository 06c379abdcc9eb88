import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { problemOf } from '../../api/api-problem.ts';
import { api, dataOf } from '../../api/client.ts';
import { useIntentionKey } from '../../parts/form/use-intention-key.ts';
import { JobProgress, useJob } from '../../parts/jobs/job-progress.tsx';
import { isJobOver, type Job } from '../../parts/jobs/job-words.ts';
import { Button } from '../../parts/page/button.tsx';
import { ErrorState, Loading } from '../../parts/page/states.tsx';
import type { ReplayRequest } from './replay-request.ts';
import styles from './replays.module.css';
import { texts } from './texts.ts';

type Props = Readonly<{ id: string; request: ReplayRequest; onChange: () => void }>;

/** The second step: what the dry run has counted, and the button that sends it. */
export function ReplayCheck({ id, request, onChange }: Props) {
  const job = useJob(id);
  if (job.isPending) return <Loading />;
  if (job.data === undefined) return <ErrorState error={job.error} onRetry={() => void job.refetch()} />;
  return (
    <section className={styles.check} aria-label={texts.form}>
      <p role="status">
        <strong>{countedText(job.data)}</strong>
      </p>
      <JobProgress job={job.data} />
      <Decision job={job.data} request={request} onChange={onChange} />
    </section>
  );
}

const toSend = ({ progress }: Job): number => progress.counts['to_send'] ?? 0;

function countedText(job: Job): string {
  if (!isJobOver(job)) return texts.counting;
  if (job.state !== 'done') return texts.notCounted;
  return toSend(job) === 0 ? texts.countedNone : texts.counted(toSend(job));
}

function Decision({ job, request, onChange }: Omit<Props, 'id'> & Readonly<{ job: Job }>) {
  const navigate = useNavigate();
  const keyOf = useIntentionKey();
  const [isWorking, setWorking] = useState(false);
  const [error, setError] = useState<string>();
  const start = async () => {
    setWorking(true);
    setError(undefined);
    try {
      const params = { header: { 'Idempotency-Key': keyOf(request) } };
      const { id } = await dataOf(api.POST('/v1/webhooks/replays', { params, body: request }));
      await navigate({ to: '/replays/$id', params: { id } as never });
    } catch (failed) {
      setError(problemOf(failed)?.message ?? String(failed));
      setWorking(false);
    }
  };
  return (
    <>
      {error !== undefined && (
        <p className={styles.error} role="alert">
          {error}
        </p>
      )}
      <div className={styles.actions}>
        <Button onClick={onChange}>{texts.change}</Button>
        {job.state === 'done' && toSend(job) > 0 && (
          <Button kind="primary" disabled={isWorking} onClick={() => void start()}>
            {texts.start(toSend(job))}
          </Button>
        )}
      </div>
    </>
  );
}
