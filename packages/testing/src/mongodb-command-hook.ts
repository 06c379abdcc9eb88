import { appendFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { LoggedCommand } from './guard-processes.ts';
import { type CommandSender, commandFaults, commandRules } from './mongodb-command-rules.ts';
import { type MongoDriver, watchMongodbCommands } from './watch-mongodb-commands.ts';

// Loaded by `node --import` before all other code; see guardProcesses. Does nothing in a process other than the program
// that runs the services. The name of a client says which service sends a command.

const log = process.env['COMMAND_LOG'];
const entry = process.argv[1] ?? '';
// Compiled or bundled.
const repository = /^(.*[\\/])services[\\/]server[\\/]dist[\\/]/.exec(entry)?.[1];
const isSender = (service: string): service is CommandSender => service in commandRules;

if (log !== undefined && repository !== undefined) {
  // The same module instance that the services load.
  const { mongo } = createRequire(join(repository, 'packages/mongodb/package.json'))('mongoose') as Readonly<{
    mongo: MongoDriver;
  }>;
  const reported = new Set<string>();
  const report = (line: LoggedCommand): void => {
    const text = JSON.stringify(line);
    if (reported.has(text)) return;
    reported.add(text);
    appendFileSync(log, `${text}\n`);
  };
  watchMongodbCommands(mongo, (command, content, clientName) => {
    const service = clientName.replace(/^tidings-/, '');
    if (!isSender(service)) return report({ service, fault: `${command} of a client named '${clientName}'` });
    report({ service, seen: command });
    for (const fault of commandFaults(service, command, content)) report({ service, fault });
  });
}
