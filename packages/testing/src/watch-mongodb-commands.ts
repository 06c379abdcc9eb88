import { type Command, type CommandSender, commandFaults } from './mongodb-command-rules.ts';

/** The MongoDB driver, such as `mongoose.mongo`: the module instance whose clients are to be watched. */
export type MongoDriver = Readonly<{
  MongoClient: Readonly<{ prototype: object }>;
  BSON: Readonly<{ serialize(document: object): Uint8Array; deserialize(bytes: Uint8Array): object }>;
}>;

/** All kinds of commands sent to MongoDB since the guard was set up, and their violations, as text. */
export type CommandGuard = Readonly<{ seen: ReadonlySet<string>; faults: readonly string[] }>;

type Started = Readonly<{ commandName: string; command: Command }>;
type Client = {
  readonly options: Readonly<{ appName?: string }>;
  /** Without it a client reports no commands. */
  monitorCommands: boolean;
  on(event: 'commandStarted', listener: (started: Started) => void): unknown;
};
type Prototype = { connect(this: Client): Promise<unknown> };

/**
 * Reports every command of every client that connects from now on in this process, with the client's `appName`.
 */
export function watchMongodbCommands(
  { MongoClient, BSON }: MongoDriver,
  onCommand: (name: string, command: Command, clientName: string) => void,
): void {
  const prototype = MongoClient.prototype as Prototype;
  const { connect } = prototype;
  prototype.connect = async function watched(this: Client) {
    this.monitorCommands = true;
    this.on('commandStarted', ({ commandName, command }) => {
      // As it is sent over the wire: the library's own objects have fields that are never sent.
      const content = BSON.deserialize(BSON.serialize(command)) as Command;
      onCommand(commandName, content, this.options.appName ?? '');
    });
    return connect.call(this);
  };
}

/**
 * Checks what the clients of a service in this process, named `tidings-<service>`, send to MongoDB against its rules. Other
 * clients, with which a test prepares and reads documents, are not checked. See {@link watchMongodbCommands}.
 */
export function guardMongodbCommands(driver: MongoDriver, sender: CommandSender): CommandGuard {
  const seen = new Set<string>();
  const faults: string[] = [];
  watchMongodbCommands(driver, (name, command, clientName) => {
    if (!clientName.startsWith(`tidings-${sender}`)) return;
    seen.add(name);
    faults.push(...commandFaults(sender, name, command));
  });
  return { seen, faults };
}
