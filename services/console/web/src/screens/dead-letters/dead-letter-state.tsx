import type { Schemas } from '../../api/client.ts';
import { StatusBadge, type Tone } from '../../parts/values/status-badge.tsx';
import { texts } from './texts.ts';

type State = Schemas['DeadLetter']['state'];

const tones: Readonly<Record<State, Tone>> = {
  waiting: 'bad',
  redriving: 'busy',
  redriven: 'warn',
  delivered: 'good',
  discarded: 'quiet',
};

/** The state of a dead letter. */
export const DeadLetterState = ({ state }: Readonly<{ state: State }>) => (
  <StatusBadge tone={tones[state]}>{texts.states[state]}</StatusBadge>
);
