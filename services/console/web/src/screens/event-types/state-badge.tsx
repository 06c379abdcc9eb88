import type { Schemas } from '../../api/client.ts';
import { StatusBadge, type Tone } from '../../parts/values/status-badge.tsx';
import { texts } from './texts.ts';

type State = Schemas['EventType']['state'];

const tones: Readonly<Record<State, Tone>> = {
  draft: 'quiet',
  active: 'good',
  deprecated: 'warn',
  archived: 'quiet',
};

/** The state of an event type. */
export const StateBadge = ({ state }: Readonly<{ state: State }>) => (
  <StatusBadge tone={tones[state]}>{texts.states[state]}</StatusBadge>
);
