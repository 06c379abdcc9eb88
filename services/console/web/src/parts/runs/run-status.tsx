import type { Schemas } from '../../api/client.ts';
import { runTexts } from '../../texts/runs.ts';
import { StatusBadge, type Tone } from '../values/status-badge.tsx';

type Status = Schemas['Run']['status'];

const tones: Readonly<Record<Status, Tone>> = {
  running: 'busy',
  waiting: 'warn',
  completed: 'good',
  failed: 'bad',
  cancelled: 'quiet',
};

/** The state of a run. */
export const RunStatus = ({ status }: Readonly<{ status: Status }>) => (
  <StatusBadge tone={tones[status]}>{runTexts.statuses[status]}</StatusBadge>
);
