import type { ConsumerId, EventId, WorkspaceId } from '../ids/ids.ts';
import type { DataErased } from './erasure.ts';

/** An event, or the delivery of one, as an erasure judges it. */
export type ErasureSubject = Readonly<{
  workspaceId: WorkspaceId;
  eventId: EventId;
  /** Of an event: the consumer that it is addressed to. Of a delivery: the owner of the subscription. */
  consumerId: ConsumerId | null;
  /** Of a delivery to a subscription without owner: the consumer that the event is addressed to. */
  addressedTo?: ConsumerId | undefined;
  /** Time when the event was written to the log, in epoch milliseconds. */
  acceptedAtMs: number;
}>;

/** By erasure: the time before which it covers what was accepted. */
type Times = Map<string, number>;
type Scopes = Readonly<{ events: Map<EventId, Times>; consumers: Map<ConsumerId, Times> }>;

const covered = (times: Times | undefined, acceptedAtMs: number): boolean => {
  if (times === undefined) return false;
  for (const beforeMs of times.values()) if (acceptedAtMs < beforeMs) return true;
  return false;
};

/** The known erasures. Records may be put twice and in any order; some 0.7 KiB of memory for each. */
export class ErasedData {
  readonly #workspaces = new Map<WorkspaceId, Scopes>();
  readonly #erasures = new Map<string, DataErased>();

  get size(): number {
    return this.#erasures.size;
  }

  has(erasureId: string): boolean {
    return this.#erasures.has(erasureId);
  }

  values(): IterableIterator<DataErased> {
    return this.#erasures.values();
  }

  put(erasure: DataErased): void {
    this.remove(erasure.erasureId);
    this.#erasures.set(erasure.erasureId, erasure);
    const { workspaceId, erasureId, beforeMs } = erasure;
    const scopes: Scopes = this.#workspaces.get(workspaceId) ?? { events: new Map(), consumers: new Map() };
    this.#workspaces.set(workspaceId, scopes);
    const times = timesOf(scopes, erasure) ?? new Map<string, number>();
    if (erasure.scope.kind === 'event') scopes.events.set(erasure.scope.eventId, times);
    else scopes.consumers.set(erasure.scope.consumerId, times);
    times.set(erasureId, beforeMs);
  }

  remove(erasureId: string): void {
    const erasure = this.#erasures.get(erasureId);
    if (erasure === undefined) return;
    this.#erasures.delete(erasureId);
    const scopes = this.#workspaces.get(erasure.workspaceId);
    const times = scopes === undefined ? undefined : timesOf(scopes, erasure);
    times?.delete(erasureId);
    if (scopes === undefined || times === undefined || times.size > 0) return;
    if (erasure.scope.kind === 'event') scopes.events.delete(erasure.scope.eventId);
    else scopes.consumers.delete(erasure.scope.consumerId);
    if (scopes.events.size + scopes.consumers.size === 0) this.#workspaces.delete(erasure.workspaceId);
  }

  /** Returns true if the data of an event, or of a delivery of it, is erased. */
  covers({ workspaceId, eventId, consumerId, addressedTo, acceptedAtMs }: ErasureSubject): boolean {
    const scopes = this.#workspaces.get(workspaceId);
    if (scopes === undefined) return false;
    return (
      covered(scopes.events.get(eventId), acceptedAtMs) ||
      (consumerId !== null && covered(scopes.consumers.get(consumerId), acceptedAtMs)) ||
      (addressedTo !== undefined && covered(scopes.consumers.get(addressedTo), acceptedAtMs))
    );
  }
}

function timesOf({ events, consumers }: Scopes, { scope }: DataErased): Times | undefined {
  return scope.kind === 'event' ? events.get(scope.eventId) : consumers.get(scope.consumerId);
}
