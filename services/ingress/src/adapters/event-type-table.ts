import {
  DecodeError,
  decodeEventType,
  type EventTypeRecord,
  topics,
  type WorkspaceId,
} from '@tidings/contracts';
import { compileSchema, SchemaError, schemaLimits } from '@tidings/event-schemas';
import { detailsOf } from '@tidings/http';
import type { Bus, Table } from '@tidings/kafka';
import type { Logger } from '@tidings/observability';
import type { DataFindings } from '../domain/event-type-rules.ts';
import type { CheckData, EventTypeDirectory, EventTypeEntry } from '../ports.ts';

/** Receives the number of types whose schema or record cannot be used; those are not checked. */
export type OnUnusable = (unusable: number) => void;

export type EventTypeTableOptions = Readonly<{
  bus: Pick<Bus, 'table'>;
  logger: Logger;
  onUnusable: OnUnusable;
}>;

/** A type in the table. Its schema is compiled when the first event needs it. */
type CompiledEventType = EventTypeEntry & Readonly<{ version: number; schemaText: string | null }>;

/**
 * Keeps the event types of all workspaces in sync with the compacted topic. Faults of a type's record or
 * schema are logged and counted, and the type is then not checked: a mistake in the catalogue blocks no event.
 */
export const openEventTypeTable = async ({
  bus,
  logger,
  onUnusable,
}: EventTypeTableOptions): Promise<EventTypeDirectory & Readonly<{ ready: () => Promise<void> }>> => {
  const entries = new EventTypeTable(logger, onUnusable);
  const table: Table<CompiledEventType> = await bus.table<CompiledEventType>({
    topic: topics.eventTypes,
    service: 'ingress',
    decode: (record) => {
      const key = record.key ?? '';
      const value = entries.read(key, () => decodeEventType(record));
      return { key, version: value.version, value };
    },
    onChange: (key, value) => entries.put(key, value),
  });
  let isLoaded = false;
  return {
    ready: async () => {
      await table.ready();
      isLoaded = true;
    },
    isLoaded: () => isLoaded,
    find: (workspaceId, name) => entries.find(workspaceId, name),
    names: (workspaceId, limit) => entries.names(workspaceId, limit),
  };
};

class EventTypeTable {
  readonly #byWorkspace = new Map<string, Map<string, CompiledEventType>>();
  readonly #unusable = new Set<string>();
  readonly #logger: Logger;
  readonly #onUnusable: OnUnusable;

  constructor(logger: Logger, onUnusable: OnUnusable) {
    this.#logger = logger;
    this.#onUnusable = onUnusable;
  }

  find(workspaceId: string, name: string): CompiledEventType | undefined {
    return this.#byWorkspace.get(workspaceId)?.get(name);
  }

  names(workspaceId: WorkspaceId, limit: number): readonly string[] {
    const names: string[] = [];
    for (const [name, { state }] of this.#byWorkspace.get(workspaceId) ?? []) {
      if (names.length === limit) break;
      if (state !== 'archived') names.push(name);
    }
    return names.sort();
  }

  put(key: string, value: CompiledEventType | undefined): void {
    const [workspaceId, name] = partsOf(key);
    const types = this.#byWorkspace.get(workspaceId) ?? new Map<string, CompiledEventType>();
    this.#byWorkspace.set(workspaceId, types);
    if (value !== undefined) types.set(name, value);
    else {
      types.delete(name);
      this.#setUsable(key, true);
    }
  }

  /** Decodes the type of a record. A record that cannot be decoded stands for a known type that is not checked. */
  read(key: string, decode: () => EventTypeRecord): CompiledEventType {
    const known = this.find(...partsOf(key));
    let record: EventTypeRecord;
    try {
      record = decode();
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      this.#logger.error({ key, detail: error.message }, 'event-type.unreadable');
      this.#setUsable(key, false);
      // Its version is unknown: the last known one is kept, so that any later record replaces it.
      return { ...unchecked, version: known?.version ?? 0 };
    }
    const { version, state, mode, audience, schema, deprecatedAtMs, sunsetAtMs } = record;
    const schemaText = schema === null ? null : JSON.stringify(schema.schema);
    // Most changes do not affect the schema: the compiled one is kept.
    const isSame = known !== undefined && known.schemaText === schemaText;
    if (!isSame) this.#setUsable(key, true);
    const checkData = isSame ? known.checkData : this.#lateCheck(record);
    return { version, schemaText, state, mode, audience, deprecatedAtMs, sunsetAtMs, checkData };
  }

  #lateCheck({ workspaceId, name, schema }: EventTypeRecord): CheckData | null {
    if (schema === null) return null;
    let check: CheckData | undefined;
    return (data, json) => {
      check ??= this.#compile(`${workspaceId}/${name}`, schema);
      return check(data, json);
    };
  }

  #compile(key: string, { version, schema }: NonNullable<EventTypeRecord['schema']>): CheckData {
    try {
      const check = compileSchema(schema);
      return (data, json) => {
        const result = check(data, json);
        if (result.kind === 'valid') return nothingFound;
        if (result.kind === 'too-costly') return { gaveUpAfterSteps: schemaLimits.steps };
        return { faults: detailsOf(result.errors, result.data) };
      };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const faults = error instanceof SchemaError ? error.faults.slice(0, 3) : undefined;
      this.#logger.error({ key, schemaVersion: version, reason, faults }, 'event-type.schema-unusable');
      this.#setUsable(key, false);
      return () => nothingFound;
    }
  }

  #setUsable(key: string, isUsable: boolean): void {
    if (isUsable) this.#unusable.delete(key);
    else this.#unusable.add(key);
    this.#onUnusable(this.#unusable.size);
  }
}

const nothingFound: DataFindings = { faults: [] };

const unchecked = {
  schemaText: null,
  state: 'active',
  mode: 'off',
  audience: 'broadcast',
  deprecatedAtMs: null,
  sunsetAtMs: null,
  checkData: null,
} as const satisfies Omit<CompiledEventType, 'version'>;

const partsOf = (key: string): [workspaceId: string, name: string] => {
  const slash = key.indexOf('/');
  return [key.slice(0, Math.max(0, slash)), key.slice(slash + 1)];
};
