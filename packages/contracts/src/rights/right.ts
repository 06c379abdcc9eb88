/** An operation on a resource, in Kafka's names. `Read` and `Write` include `Describe`. */
export type Operation = 'Read' | 'Write' | 'Describe' | 'Create' | 'Delete' | 'DescribeConfigs';

/**
 * The operations of a client on topics, consumer groups or the cluster (named `kafka-cluster`), in Kafka's terms: an ACL
 * without its principal. `prefix` covers every resource whose name begins with `name`.
 */
export type Right = Readonly<{
  resource: 'topic' | 'group' | 'cluster';
  name: string;
  pattern: 'literal' | 'prefix';
  operations: readonly Operation[];
}>;

type Named = Readonly<{ name: string }>;

/** Topics and groups of a client, by what it does with them. */
export type Uses = Readonly<{
  reads?: readonly Named[];
  writes?: readonly Named[];
  /** Topics that are created if they are missing. */
  creates?: readonly Named[];
  /** Groups as a member of which topics are read. */
  groups?: readonly string[];
  /** Groups of others, or groups without members, whose positions are read. */
  watchedGroups?: readonly string[];
  /** First parts of the names of groups that are used once, and of groups of earlier versions. */
  temporaryGroups?: readonly string[];
  watchedPrefixes?: readonly string[];
}>;

const ofTopic =
  (operation: Operation) =>
  ({ name }: Named): Right => ({ resource: 'topic', name, pattern: 'literal', operations: [operation] });

const ofGroup =
  (pattern: Right['pattern'], ...operations: readonly Operation[]) =>
  (name: string): Right => ({ resource: 'group', name, pattern, operations });

/** Returns the rights that these uses need. */
export const rightsFor = ({
  reads = [],
  writes = [],
  creates = [],
  groups = [],
  watchedGroups = [],
  temporaryGroups = [],
  watchedPrefixes = [],
}: Uses): readonly Right[] =>
  mergedRights([
    ...reads.map(ofTopic('Read')),
    ...writes.map(ofTopic('Write')),
    ...creates.map(ofTopic('Create')),
    ...groups.map(ofGroup('literal', 'Read')),
    ...watchedGroups.map(ofGroup('literal', 'Describe')),
    ...temporaryGroups.map(ofGroup('prefix', 'Read', 'Delete')),
    ...watchedPrefixes.map(ofGroup('prefix', 'Describe')),
  ]);

const implying: ReadonlySet<Operation> = new Set(['Read', 'Write', 'Delete']);

/** Returns the same rights with one entry for each resource; without a `Describe` that another operation includes. */
export const mergedRights = (rights: readonly Right[]): readonly Right[] => {
  const merged = new Map<string, Right>();
  for (const right of rights) {
    const key = `${right.resource} ${right.pattern} ${right.name}`;
    const operations = new Set([...(merged.get(key)?.operations ?? []), ...right.operations]);
    if ([...operations].some((operation) => implying.has(operation))) operations.delete('Describe');
    merged.set(key, { ...right, operations: [...operations] });
  }
  return [...merged.values()];
};
