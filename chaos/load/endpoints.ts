/** The treatment of the requests of an endpoint; see receiver.ts. */
export type Behaviour = 'steady' | 'slow' | 'flaky' | 'busy' | 'hanging' | 'rejecting';

/** A subscription that a run creates. Its endpoint has the path `/<name>`. */
export type EndpointPlan = Readonly<{
  name: string;
  behaviour: Behaviour;
  eventType: string;
  consumer: string | null;
  ordering?: 'key';
  maxInFlight?: number;
  rate?: Readonly<{ perSecond: number; burst: number }>;
  /** Seconds before each attempt after the first. */
  schedule: readonly number[];
}>;

export const consumers = ['chaos_a', 'chaos_b'] as const;

/** Type of most events, and of one in seven, for the subscription with a rate limit. */
export const eventType = 'chaos.event';
export const limitedType = 'chaos.limited';
export const limitedShare = 1 / 7;
/** Type of the events of sources, and their number for each published event. */
export const inboundType = 'standard_webhooks.chaos';
export const inboundShare = 1 / 5;
// Long enough to outlast any fault of the system: only webhooks that `rejecting` refuses run out of attempts.
const patient = [1, 2, 5, 5, 10, 10, 10, 10, 20, 20, 20, 20] as const;

const limitOf = (perSecond: number) => ({ perSecond: Math.ceil(perSecond), burst: Math.ceil(perSecond) });

/** The subscriptions of a run: each rule of the checker has one that exercises it. */
export const endpointPlansFor = (eventsPerSecond: number): readonly EndpointPlan[] => [
  { name: 'steady', behaviour: 'steady', eventType, consumer: null, schedule: patient },
  { name: 'slow', behaviour: 'slow', eventType, consumer: 'chaos_a', maxInFlight: 4, schedule: patient },
  { name: 'flaky', behaviour: 'flaky', eventType, consumer: 'chaos_b', schedule: patient },
  { name: 'ordered', behaviour: 'flaky', eventType, consumer: null, ordering: 'key', schedule: patient },
  {
    name: 'ordered-slow',
    behaviour: 'slow',
    eventType,
    consumer: 'chaos_b',
    ordering: 'key',
    schedule: patient,
  },
  { name: 'busy', behaviour: 'busy', eventType, consumer: 'chaos_a', schedule: patient },
  { name: 'hanging', behaviour: 'hanging', eventType, consumer: null, schedule: patient },
  { name: 'rejecting', behaviour: 'rejecting', eventType, consumer: 'chaos_a', schedule: [1, 2] },
  {
    ...{ name: 'limited', behaviour: 'steady', eventType: limitedType, consumer: null, schedule: patient },
    // A little more than it receives: what gathers during a fault is limited, and does not wait for long.
    ...{ maxInFlight: 3, rate: limitOf(1.3 * limitedShare * eventsPerSecond) },
  },
  { name: 'inbound', behaviour: 'steady', eventType: inboundType, consumer: null, schedule: patient },
  {
    name: 'inbound-ordered',
    behaviour: 'flaky',
    eventType: inboundType,
    consumer: null,
    ordering: 'key',
    schedule: patient,
  },
  { name: 'ended', behaviour: 'steady', eventType, consumer: null, schedule: patient },
];
