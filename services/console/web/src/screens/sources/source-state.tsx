import { StatusBadge } from '../../parts/values/status-badge.tsx';
import { texts } from './texts.ts';

/** The state of a source. */
export const SourceState = ({ state }: Readonly<{ state: string }>) => (
  <StatusBadge tone={state === 'active' ? 'good' : 'warn'}>
    {state === 'active' ? texts.states.active : texts.states.disabled}
  </StatusBadge>
);
