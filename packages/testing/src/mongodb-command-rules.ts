// Single-document atomicity only (docs/registry.md). A command outside these lists runs on some MongoDB and not on
// another, or is not atomic, and must not be introduced by a convenience call of the library.

/** Commands that one service may send to MongoDB. */
type CommandRules = Readonly<{
  /** Fields of each command, besides those that every command may have. */
  commands: Readonly<Record<string, readonly string[]>>;
  operators: ReadonlySet<string>;
  /** Permits a statement that affects several documents. */
  ofMany: boolean;
  /** Collections into which one command may insert several documents, each valid by itself. */
  batched: 'all' | ReadonlySet<string>;
}>;

const everywhere = {
  createIndexes: ['indexes'],
  insert: ['documents', 'ordered'],
  find: ['filter', 'projection', 'sort', 'limit', 'singleBatch', 'batchSize'],
  update: ['updates', 'ordered'],
  delete: ['deletes', 'ordered'],
  getMore: ['collection', 'batchSize'],
  killCursors: ['cursors'],
  endSessions: [],
};
const comparisons = ['$in', '$lt', '$lte', '$gt', '$and', '$set'];

/** Rules of each service that stores documents, by its name. */
export const commandRules = {
  // The source of truth: each write is a compare-and-set of one document. Counts can be recomputed.
  subscription: {
    commands: everywhere,
    operators: new Set(comparisons),
    ofMany: false,
    batched: new Set(['subscription_health']),
  },
  // Can be rebuilt from Kafka at any time: batches, in which each document is valid by itself, and counts.
  history: {
    commands: { ...everywhere, aggregate: ['pipeline', 'cursor'], distinct: ['key', 'query'] },
    operators: new Set([...comparisons, '$or', '$match', '$limit', '$group', '$sum', '$min']),
    ofMany: true,
    batched: 'all',
  },
} as const satisfies Readonly<Record<string, CommandRules>>;

/** A service that stores documents. */
export type CommandSender = keyof typeof commandRules;

const commonFields = [
  'lsid',
  '$db',
  '$clusterTime',
  'txnNumber',
  '$readPreference',
  'writeConcern',
  'maxTimeMS',
];
const statementFields: ReadonlySet<string> = new Set(['q', 'u', 'limit', 'upsert', 'multi']);
const indexFields: ReadonlySet<string> = new Set(['key', 'name', 'background']);

/** A command as it is sent over the wire. */
export type Command = Readonly<Record<string, unknown>>;

const list = (value: unknown): readonly Command[] => (Array.isArray(value) ? (value as Command[]) : []);

function addOperators(value: unknown, found: Set<string>): ReadonlySet<string> {
  if (Array.isArray(value)) {
    for (const item of value) addOperators(item, found);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, field] of Object.entries(value)) {
      if (name.startsWith('$')) found.add(name);
      addOperators(field, found);
    }
  }
  return found;
}

function statementFaults(name: string, statement: Command, { ofMany }: CommandRules): string[] {
  const faults = Object.keys(statement)
    .filter((field) => !statementFields.has(field))
    .map((field) => `${name} with ${field}`);
  const update: unknown = statement['u'];
  if (statement['upsert'] === true) faults.push(`${name} with upsert`);
  if (!ofMany && statement['multi'] === true) faults.push(`${name} of many`);
  if (!ofMany && name === 'delete' && statement['limit'] !== 1) faults.push('delete of many');
  if (name === 'update' && (Array.isArray(update) || Object.keys(update as object).join() !== '$set')) {
    faults.push('update by something else than $set');
  }
  return faults;
}

/** Returns the violations of the lists above in a command of a service, as text. */
export function commandFaults(sender: CommandSender, name: string, command: Command): readonly string[] {
  const rules: CommandRules = commandRules[sender];
  const fields = rules.commands[name];
  if (fields === undefined) return [`command ${name}`];
  const known = new Set([name, ...fields, ...commonFields]);
  const faults = Object.keys(command)
    .filter((field) => !known.has(field))
    .map((field) => `${name} with ${field}`);
  const statements = [...list(command['updates']), ...list(command['deletes'])];
  for (const statement of statements) faults.push(...statementFaults(name, statement, rules));
  const isBatched = rules.batched === 'all' || rules.batched.has(String(command[name]));
  if (!isBatched && list(command['documents']).length > 1) faults.push('insert of many');
  for (const index of list(command['indexes'])) {
    const strange = Object.keys(index).filter((field) => !indexFields.has(field));
    faults.push(...strange.map((field) => `index with ${field}`));
  }
  const { filter, documents, pipeline, query } = command;
  const read = { filter, statements, documents, pipeline, query };
  const strange = [...addOperators(read, new Set())].filter((operator) => !rules.operators.has(operator));
  return [...faults, ...strange.map((operator) => `operator ${operator}`)];
}
