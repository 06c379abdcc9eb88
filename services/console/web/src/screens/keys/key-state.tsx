import type { Schemas } from '../../api/client.ts';
import { StatusBadge, type Tone } from '../../parts/values/status-badge.tsx';
import { texts } from './texts.ts';

type State = Schemas['ApiKey']['state'];

const tones: Readonly<Record<State, Tone>> = { active: 'good', expired: 'warn', revoked: 'quiet' };

/** The state of a key. */
export const KeyState = ({ state }: Readonly<{ state: State }>) => (
  <StatusBadge tone={tones[state]}>{texts.states[state]}</StatusBadge>
);
