import type { Schemas } from '../../api/client.ts';
import { StatusBadge, type Tone } from '../../parts/values/status-badge.tsx';
import { texts as shared } from '../../texts/index.ts';
import { texts } from './texts.ts';

type Counts = Schemas['EventSummary']['deliveries'];

// The worst first: it is what somebody looks for.
const order = [
  ['dead_lettered', 'bad'],
  ['failed', 'bad'],
  ['retrying', 'warn'],
  ['pending', 'quiet'],
  ['suppressed', 'quiet'],
  ['delivered', 'good'],
] as const satisfies readonly (readonly [keyof Counts, Tone])[];

/** The deliveries of an event by their worst state: `1 Retrying of 3`. */
export function DeliveryCounts({ counts }: Readonly<{ counts: Counts }>) {
  const worst = order.find(([status]) => counts[status] > 0);
  if (worst === undefined) return <span>{texts.none}</span>;
  const [status, tone] = worst;
  const count = counts[status];
  return (
    <StatusBadge tone={tone}>
      {count === counts.total ? `${count}` : `${count} / ${counts.total}`} {shared.status[status]}
    </StatusBadge>
  );
}
