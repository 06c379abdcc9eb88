/**
 * The event types of a workspace and their data, such as `{ 'order.paid': { order: number } }`. `tidings event-types
 * types` writes one from the catalogue. An interface or a type; without one, every type has data of unknown kind.
 */
export type AnyEvents = Readonly<Record<string, unknown>>;

/** The names of the event types of a map. */
export type TypeOf<Events extends object> = keyof Events & string;
