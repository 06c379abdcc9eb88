import { randomUUID } from 'node:crypto';
import { workspaceId } from '@tidings/contracts';
import { builtAtMs } from '@tidings/testing/messages';
import { type Job, newJob } from '../../src/jobs/domain/job.ts';

/** Returns a job that any run can claim. */
export const aJob = (over: Partial<Job> = {}): Job => {
  const order = {
    id: `job_${randomUUID().replaceAll('-', '')}`,
    kind: 'redrive',
    workspaceId: workspaceId('ws_demo'),
    ownerId: null,
    requestedBy: 'key_1',
    spec: {},
    checkpoint: 0,
    ratePerSecond: 100,
  } as const;
  return { ...newJob(order, builtAtMs), ...over };
};
