import type { Random } from '../run/random.ts';
import { planOutages } from './plan-outages.ts';

/**
 * The ways in which parts of a stack fail.
 *
 * | fault | |
 * |---|---|
 * | kill | SIGKILL of a process; the stack starts it again |
 * | stop | SIGSTOP, and SIGCONT later: it misses its sessions and goes on |
 * | delay | the network in front of a broker or of the endpoints is slower by `amountMs` in each direction |
 * | partition | nothing passes that network, or those of all brokers at once |
 * | reset | every connection through it ends |
 * | fill | the disk of a broker or of a spool is full |
 * | clock-step | the wall clock of a process is wrong by `amountMs` |
 */
export type FaultKind = 'kill' | 'stop' | 'delay' | 'partition' | 'reset' | 'fill' | 'clock-step';

/** A fault of one part, for a time; 0 is an event without length. */
export type SystemFault = Readonly<{
  atMs: number;
  fault: FaultKind;
  target: string;
  forMs: number;
  amountMs: number;
}>;

/** Something that a user or operator does meanwhile. */
export type Action = Readonly<{
  atMs: number;
  fault: 'rotate-secret' | 'change-url' | 'disable' | 'enable' | 'delete' | 'redrive' | 'replay';
}>;

/** One of the things that happen in a run, by the time since its start. */
export type PlannedFault = SystemFault | Action;

/** The parts of a stack. */
export type FaultTargets = Readonly<{
  /** Processes that run services, by the name of one of their services. */
  services: readonly [string, ...string[]];
  brokers: readonly string[];
  mongodb: string;
  /** The brokers have disks that can be filled. */
  hasSmallDisks: boolean;
  /** The spools whose disks can be filled. */
  spools: readonly string[];
}>;

/** Name of the network between the delivery service and all endpoints. */
export const endpointNetwork = 'endpoints';

export type FaultPlanOptions = Readonly<{ random: Random; minutes: number; targets: FaultTargets }>;

// With three brokers and min.insync.replicas 2, one may be away. The next one goes when the last has caught up.
const brokerRestMs = 45_000;
const longestFaultMs = 15_000;
const outageRestMs = 10_000;

type Drawn = Omit<SystemFault, 'atMs'>;

const clockStepsMs = [-3_000, -1_000, 1_000, 3_000] as const;

const brokerFaults = ['kill', 'stop', 'delay', 'partition', 'reset', 'clock-step'] as const;

const planBroker = (random: Random, target: string, hasSmallDisk: boolean): Drawn => {
  const fault = random.pick(hasSmallDisk ? [...brokerFaults, 'fill'] : brokerFaults);
  const forMs = fault === 'kill' || fault === 'reset' ? 0 : random.between(2_000, 15_000);
  if (fault === 'clock-step') return { fault, target, forMs, amountMs: random.pick(clockStepsMs) };
  return { fault, target, forMs, amountMs: fault === 'delay' ? random.between(20, 300) : 0 };
};

const planEndpoints = (random: Random): Drawn => {
  const fault = random.pick(['delay', 'partition', 'reset']);
  const forMs = fault === 'reset' ? 0 : random.between(2_000, 10_000);
  return { fault, target: endpointNetwork, forMs, amountMs: fault === 'delay' ? random.between(20, 500) : 0 };
};

const planService = (random: Random, target: string): Drawn => {
  const roll = random.next();
  if (roll < 0.5) return { fault: 'kill', target, forMs: 0, amountMs: 0 };
  const forMs = random.between(2_000, 15_000);
  if (roll < 0.8) return { fault: 'stop', target, forMs, amountMs: 0 };
  return { fault: 'clock-step', target, forMs, amountMs: random.pick(clockStepsMs) };
};

const planMongodb = (random: Random, target: string): Drawn => {
  const fault = random.pick(['kill', 'stop', 'clock-step']);
  const forMs = fault === 'kill' ? 0 : random.between(2_000, 15_000);
  return { fault, target, forMs, amountMs: fault === 'clock-step' ? random.pick(clockStepsMs) : 0 };
};

const planSystemFault = (
  random: Random,
  { services, brokers, mongodb, hasSmallDisks }: FaultTargets,
): Drawn => {
  const roll = random.next();
  const [broker, ...others] = brokers;
  if (roll < 0.25 && broker !== undefined)
    return planBroker(random, random.pick([broker, ...others]), hasSmallDisks);
  if (roll < 0.4) return planEndpoints(random);
  if (roll < 0.5) return planMongodb(random, mongodb);
  return planService(random, random.pick(services));
};

const repeatedActions = ['rotate-secret', 'change-url', 'redrive', 'replay'] as const;

/** Every rule has something to check in every run: a subscription is disabled, enabled and deleted, in that order. */
const planActions = (random: Random, endMs: number): Action[] => {
  const third = Math.floor(endMs / 3);
  const actions: Action[] = [
    { atMs: third, fault: 'disable' },
    { atMs: Math.floor(1.6 * third), fault: 'enable' },
    { atMs: Math.floor(2.3 * third), fault: 'delete' },
  ];
  for (let atMs = 12_000; atMs < endMs; atMs += random.between(12_000, 30_000))
    actions.push({ atMs, fault: random.pick(repeatedActions) });
  return actions;
};

/**
 * Draws the faults of a run: one of the system every 8 to 20 s, and the actions of users in between. The same random source and
 * targets give the same plan. Nothing happens in the first 5 s and in the last 15 s. No broker is broken while all are cut off.
 */
export const planFaults = ({ random, minutes, targets }: FaultPlanOptions): readonly PlannedFault[] => {
  const endMs = minutes * 60_000 - 15_000;
  const hasCluster = targets.brokers.length === 3;
  const outages = hasCluster ? planOutages(random, targets.spools, endMs) : [];
  const isNearOutage = (ms: number): boolean =>
    outages.some(({ atMs, forMs }) => ms > atMs - longestFaultMs && ms < atMs + forMs + outageRestMs);
  const faults: PlannedFault[] = [...outages];
  let brokerFreeAtMs = 0;
  for (let atMs = 5_000; atMs < endMs; atMs += random.between(8_000, 20_000)) {
    const mayHitBroker = hasCluster && atMs >= brokerFreeAtMs && !isNearOutage(atMs);
    const fault = planSystemFault(random, mayHitBroker ? targets : { ...targets, brokers: [] });
    if (targets.brokers.includes(fault.target)) brokerFreeAtMs = atMs + fault.forMs + brokerRestMs;
    faults.push({ atMs, ...fault });
  }
  return [...faults, ...planActions(random, endMs)].toSorted((a, b) => a.atMs - b.atMs);
};

/** Returns whether a target is one broker. */
export const isBroker = (target: string): boolean => /^broker-\d+$/.test(target);

/** Returns whether it is a fault of the system, and not something that a user does. */
export const isSystemFault = (fault: PlannedFault): fault is SystemFault => 'target' in fault;
