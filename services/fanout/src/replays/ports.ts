import type {
  DeliveryRequested,
  JobProgressed,
  LiveHoldChanged,
  ReplaySpec,
  SubscriptionId,
} from '@tidings/contracts';
import type { LoggedEvent } from '../ports.ts';
import type { DeliveryChains } from './domain/delivery-chains.ts';
import type { ReplayOrder } from './domain/replay-scope.ts';
import type { SendWindow } from './domain/send-window.ts';
import type { WaitingDeliveries } from './domain/waiting-deliveries.ts';

/** A range of each partition of the events topic: from `next` up to but excluding `end`. */
export type Span = ReadonlyMap<number, Readonly<{ next: number; end: number }>>;

/** Events of one partition, and the offset after the last one that was read. */
export type Chunk = Readonly<{ partition: number; events: readonly LoggedEvent[]; next: number }>;

/** The events topic as a replay reads it. */
export type ReplayLog = Readonly<{
  /** Returns the span of a replay as offsets. */
  spanOf(spec: ReplaySpec): Promise<Span>;
  /** Reads the beginning of a range: a bounded number of records, and bytes of those whose headers are accepted. */
  read(
    range: Readonly<{ partition: number; next: number; end: number }>,
    accepts: (headers: Readonly<Record<string, string>>) => boolean,
  ): Promise<Chunk>;
}>;

/** Facts of other topics about deliveries. */
export type DeliveryFacts = Readonly<{
  /** Waits until the events before the end of the span have been fanned out: until then their deliveries are unknown. */
  whenFannedOut(span: Span, signal: AbortSignal): Promise<void>;
  /** Applies all records about deliveries of the set, from `sinceMs` to now. */
  read(
    chains: DeliveryChains,
    of: Readonly<{ sinceMs: number; subscriptions: ReadonlySet<SubscriptionId> }>,
  ): Promise<void>;
  /** Finds the deliveries that the order covers and of which a command may wait now. */
  readWaiting(order: ReplayOrder): Promise<WaitingDeliveries>;
}>;

/** Follows the attempts of what a replay has sent. */
export type AttemptWatch = Readonly<{
  /** Removes from the window what has had an attempt since the last call. */
  update(window: SendWindow): Promise<void>;
}>;

/** The output of a replay. All resolve when the brokers have it. */
export type ReplayOutput = Readonly<{
  send(commands: readonly DeliveryRequested[]): Promise<void>;
  /** Changes the hold on the live commands of the target, in the partition of its commands. */
  hold(changed: LiveHoldChanged): Promise<void>;
  report(progress: JobProgressed): Promise<void>;
}>;
