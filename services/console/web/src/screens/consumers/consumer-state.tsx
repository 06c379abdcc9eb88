import { StatusBadge } from '../../parts/values/status-badge.tsx';
import { texts } from './texts.ts';

/** The state of a consumer. */
export const ConsumerState = ({ state }: Readonly<{ state: 'active' | 'disabled' }>) => (
  <StatusBadge tone={state === 'active' ? 'good' : 'warn'}>{texts.states[state]}</StatusBadge>
);
