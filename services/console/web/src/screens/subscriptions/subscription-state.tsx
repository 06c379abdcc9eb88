import type { Schemas } from '../../api/client.ts';
import { StatusBadge } from '../../parts/values/status-badge.tsx';
import { texts } from './texts.ts';

type Props = Readonly<{
  subscription: Pick<Schemas['Subscription'], 'state' | 'failure_count'>;
  /** The circuit breaker of the endpoint is not closed. */
  isCircuitOpen?: boolean;
}>;

/** The state of a subscription, and of its endpoint while it is active. */
export function SubscriptionState({ subscription: { state, failure_count }, isCircuitOpen = false }: Props) {
  const t = texts.state;
  if (state === 'deleted') return <StatusBadge tone="quiet">{t.deleted}</StatusBadge>;
  if (state === 'disabled') return <StatusBadge tone="bad">{t.disabled}</StatusBadge>;
  if (isCircuitOpen) return <StatusBadge tone="bad">{t.breaker}</StatusBadge>;
  const failures = failure_count ?? 0;
  return failures === 0 ? (
    <StatusBadge tone="good">{t.active}</StatusBadge>
  ) : (
    <StatusBadge tone="warn">{t.failing(failures)}</StatusBadge>
  );
}
