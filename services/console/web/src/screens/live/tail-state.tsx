import { useTimeText } from '../../parts/values/clock.ts';
import { StatusBadge, type Tone } from '../../parts/values/status-badge.tsx';
import { Time } from '../../parts/values/time.tsx';
import { shownState, type TailStateName } from './shown-state.ts';
import { texts } from './texts.ts';
import type { Tail } from './use-tail.ts';

type Props = Readonly<{ tail: Pick<Tail, 'state' | 'heardMs'>; isHeld: boolean }>;

const tones: Readonly<Record<TailStateName, Tone>> = {
  connecting: 'quiet',
  open: 'good',
  held: 'quiet',
  silent: 'warn',
  interrupted: 'warn',
};

/** The state of the stream, and when the service was last heard. */
export function TailState({ tail: { state, heardMs }, isHeld }: Props) {
  const shown = useTimeText((nowMs) => shownState({ state, heardMs, isHeld, nowMs })) as TailStateName;
  return (
    <>
      <span role="status">
        <StatusBadge tone={tones[shown]}>{texts.states[shown]}</StatusBadge>
      </span>
      {heardMs !== null && (
        <span>
          {texts.heard} <Time at={new Date(heardMs).toISOString()} />
        </span>
      )}
    </>
  );
}
