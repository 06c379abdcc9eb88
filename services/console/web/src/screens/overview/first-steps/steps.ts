import type { Schemas } from '../../../api/client.ts';

/** A delivery as far as the steps look at it. */
export type Seen = Pick<
  Schemas['DeliverySummary'],
  'id' | 'status' | 'attempt_count' | 'last_status_code' | 'next_attempt_at'
>;

/** The steps in their order. */
export const stepNames = ['publish', 'arrive', 'break', 'retry', 'fix', 'replay'] as const;

/** One of {@link stepNames}. */
export type StepName = (typeof stepNames)[number];

/** A step: `current` is the first that is not done. */
export type Step = Readonly<{ name: StepName; state: 'done' | 'current' | 'later' }>;

/** The course of the steps so far. `first`: the delivery of the first event; `second`: of that published while broken. */
export type Happened = Readonly<{
  isPublished: boolean;
  first: Seen | null;
  isBroken: boolean;
  isSecondPublished: boolean;
  second: Seen | null;
}>;

/** Returns the steps with what is done: a step counts only if all before it are done. */
export function stepsOf(happened: Happened): readonly Step[] {
  const { isPublished, first, isBroken, isSecondPublished, second } = happened;
  // The change of the endpoint takes effect within a second: an event that was faster has arrived after all.
  const wasTooFast = isBroken && second?.status === 'delivered' && second.attempt_count === 1;
  const done: Readonly<Record<StepName, boolean>> = {
    publish: isPublished,
    arrive: first?.status === 'delivered',
    break: isSecondPublished && !wasTooFast,
    retry: second !== null && second.attempt_count > 1,
    fix: !isBroken,
    replay: second?.status === 'delivered',
  };
  const at = stepNames.findIndex((name) => !done[name]);
  return stepNames.map((name, index) => ({
    name,
    state: at < 0 || index < at ? 'done' : index === at ? 'current' : 'later',
  }));
}
