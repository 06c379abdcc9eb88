import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { problemOf } from '../../api/api-problem.ts';
import { api, dataOf } from '../../api/client.ts';
import { useMay } from '../../app/session-context.ts';
import { jobTexts } from '../../texts/jobs.ts';
import { ConfirmButton } from '../dialog/confirm-button.tsx';
import { Button } from '../page/button.tsx';
import { useToast } from '../page/toast.tsx';
import { isJobOver, type Job } from './job-words.ts';

type Act = 'pause' | 'resume' | 'cancel';

/** Pauses, resumes and cancels a job. Nothing for one that has ended, or for a key that may only read. */
export function JobActions({ job }: Readonly<{ job: Job }>) {
  const may = useMay('deliveries:write');
  const queries = useQueryClient();
  const toast = useToast();
  const [isWorking, setWorking] = useState(false);
  if (!may || isJobOver(job)) return null;
  const act = async (how: Act) => {
    const params = { path: { id: job.id } };
    const changed = await dataOf(api.POST(`/v1/webhooks/jobs/{id}/${how}`, { params }));
    queries.setQueryData(['job', job.id], changed);
    void queries.invalidateQueries({ queryKey: ['jobs'] });
    void queries.invalidateQueries({ queryKey: ['jobs-newest'] });
  };
  const pauseOrResume = async () => {
    setWorking(true);
    try {
      await act(job.state === 'paused' ? 'resume' : 'pause');
    } catch (error) {
      toast(problemOf(error)?.message ?? String(error), 'bad');
    } finally {
      setWorking(false);
    }
  };
  // What erases cannot be stopped half way once it has begun.
  const canPause = job.kind !== 'erasure';
  return (
    <>
      {canPause && (
        <Button disabled={isWorking} onClick={() => void pauseOrResume()}>
          {job.state === 'paused' ? jobTexts.resume : jobTexts.pause}
        </Button>
      )}
      <ConfirmButton
        title={jobTexts.cancelTitle}
        action={jobTexts.cancelJob}
        isDangerous
        onConfirm={async () => act('cancel')}
      >
        <p>{jobTexts.cancelHint}</p>
      </ConfirmButton>
    </>
  );
}
