import type { Schemas } from '../../api/client.ts';
import { texts } from '../../texts/index.ts';
import { StatusBadge, type Tone } from '../values/status-badge.tsx';

type Status = Schemas['Delivery']['status'];

const tones: Readonly<Record<Status, Tone>> = {
  pending: 'quiet',
  retrying: 'warn',
  delivered: 'good',
  failed: 'bad',
  dead_lettered: 'bad',
  suppressed: 'quiet',
};

/** The state of a delivery. */
export const DeliveryStatus = ({ status }: Readonly<{ status: Status }>) => (
  <StatusBadge tone={tones[status]}>{texts.status[status]}</StatusBadge>
);
