import type { TenantScope } from '../domain/tenant-scope.ts';
import type { StreamEntry } from './domain/message-ring.ts';
import { isVisible, isWanted, type StreamFilter } from './domain/stream-filter.ts';
import { type Frame, FrameBatch } from './ports.ts';

/** The messages that a reader may see and wants. Readers with equal selections share their messages. */
export type Selection = Readonly<{ scope: TenantScope; filter: StreamFilter }>;

/** Receives the messages of its selection. */
export type SelectionReader = Readonly<{
  /** `batch`: the frames of the entries, with the ids of this process. */
  deliver(entries: readonly StreamEntry[], batch: FrameBatch): void;
}>;

type Group = Readonly<{
  selection: Selection;
  readers: Set<SelectionReader>;
  /** Messages that the next flush delivers. */
  pending: StreamEntry[];
}>;

/** Returns true if a selection includes a message. */
export const includes = ({ scope, filter }: Selection, { message }: Pick<StreamEntry, 'message'>): boolean =>
  isVisible(scope, message) && isWanted(filter, message);

/** Returns the frame of an entry. */
export const frameOf = ({ id, message }: StreamEntry): Frame => ({
  event: message.kind,
  id,
  json: message.json,
});

const keyOf = ({ scope, filter }: Selection): string => JSON.stringify([scope.ownerId, filter]);

/** The readers that receive new messages, by selection: each message is judged once for all readers of one. */
export class Selections {
  readonly #byWorkspace = new Map<string, Map<string, Group>>();
  readonly #dirty = new Set<Group>();

  add(selection: Selection, reader: SelectionReader): void {
    const { workspaceId } = selection.scope;
    const groups = this.#byWorkspace.get(workspaceId) ?? new Map<string, Group>();
    this.#byWorkspace.set(workspaceId, groups);
    const key = keyOf(selection);
    const group = groups.get(key) ?? { selection, readers: new Set(), pending: [] };
    groups.set(key, group);
    group.readers.add(reader);
  }

  remove(selection: Selection, reader: SelectionReader): void {
    const { workspaceId } = selection.scope;
    const groups = this.#byWorkspace.get(workspaceId);
    const key = keyOf(selection);
    const group = groups?.get(key);
    if (groups === undefined || group === undefined) return;
    group.readers.delete(reader);
    if (group.readers.size > 0) return;
    groups.delete(key);
    this.#dirty.delete(group);
    if (groups.size === 0) this.#byWorkspace.delete(workspaceId);
  }

  /** Adds a message to the next flush. Returns true if a reader receives it. */
  offer(entry: StreamEntry): boolean {
    let isTaken = false;
    for (const group of this.#byWorkspace.get(entry.message.workspaceId)?.values() ?? []) {
      if (!includes(group.selection, entry)) continue;
      group.pending.push(entry);
      this.#dirty.add(group);
      isTaken = true;
    }
    return isTaken;
  }

  /** Delivers the pending messages. */
  flush(): void {
    for (const group of this.#dirty) {
      const entries = group.pending.splice(0);
      const batch = new FrameBatch(entries.map(frameOf));
      for (const reader of group.readers) reader.deliver(entries, batch);
    }
    this.#dirty.clear();
  }
}
