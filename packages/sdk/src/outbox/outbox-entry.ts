import { randomUUID } from 'node:crypto';
import { type EventInput, eventJson } from '../client/event-input.ts';

/**
 * An event in an outbox: its id, its ordering key (null: in no order), and the JSON text of its {@link EventInput}, in
 * which `dataJson` has the data byte for byte.
 */
export type OutboxEntry = Readonly<{ id: string; orderingKey: string | null; event: string }>;

/** An entry that Tidings has refused for good, and the reason. */
export type RefusedEntry = Readonly<{ id: string; reason: string }>;

/** Outcome of entries that were taken: those in neither list are sent again. */
export type RelayOutcome = Readonly<{ sent: readonly string[]; refused: readonly RefusedEntry[] }>;

/**
 * Entries that belong to one relay until `finish` or `abandon` is called, those of a key in their order and from its
 * first on.
 */
export type TakenEntries = Readonly<{
  entries: readonly OutboxEntry[];
  /** Removes what was sent and sets aside what was refused. */
  finish: (outcome: RelayOutcome) => Promise<void>;
  /** Gives all of them back. Never rejects. */
  abandon: () => Promise<void>;
}>;

/** An outbox from which relays take entries. */
export type OutboxStore = Readonly<{
  /** Takes up to `limit` entries for `leaseMs`; null: there are none that another relay does not have. */
  take: (limit: number, leaseMs: number) => Promise<TakenEntries | null>;
}>;

/**
 * Returns the entry of an event. An event without an id or a time gets a random id and the present time, so that every
 * repeat is the same event. Throws TypeError as publish does.
 */
export function entryOf(event: EventInput): OutboxEntry {
  // Refuses what publish would refuse, before the transaction is committed.
  eventJson(event);
  const { data, dataJson = JSON.stringify(data), id = randomUUID(), time = new Date(), ...fields } = event;
  return {
    id,
    orderingKey: event.orderingKey ?? null,
    event: JSON.stringify({ ...fields, id, time, dataJson }),
  };
}

/** Returns the event of an entry. Throws SyntaxError for a text that is no JSON. */
export const eventOf = ({ event }: OutboxEntry): EventInput => JSON.parse(event) as EventInput;
