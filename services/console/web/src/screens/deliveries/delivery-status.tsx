import type { Schemas } from '../../api/client.ts';
import { StatusBadge, type Tone } from '../../parts/status-badge.tsx';
import { texts as shared } from '../../texts/index.ts';

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
  <StatusBadge tone={tones[status]}>{shared.status[status]}</StatusBadge>
);
