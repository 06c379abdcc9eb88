import { appendFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { LoggedCommand } from './guard-processes.ts';
import { type CommandSender, commandFaults, commandRules } from './mongodb-command-rules.ts';
import { type MongoDriver, monitoredUri, watchMongodbCommands } from './watch-mongodb-commands.ts';

// Loaded by `node --import` before all other code; see guardProcesses. Does nothing in a process other than a service
// with its own documents.

const log = process.env['COMMAND_LOG'];
const entry = process.argv[1] ?? '';
const [, name = ''] = /[\\/]services[\\/]([a-z]+)[\\/]dist[\\/]/.exec(entry) ?? [];
const isSender = (service: string): service is CommandSender => service in commandRules;

if (log !== undefined && isSender(name)) {
  // The same module instance that the service will load.
  const { mongo } = createRequire(entry)('mongoose') as Readonly<{ mongo: MongoDriver }>;
  process.env['MONGODB_URI'] = monitoredUri(process.env['MONGODB_URI'] ?? '');
  const reported = new Set<string>();
  const report = (line: Omit<LoggedCommand, 'service'>): void => {
    const text = JSON.stringify({ service: name, ...line });
    if (reported.has(text)) return;
    reported.add(text);
    appendFileSync(log, `${text}\n`);
  };
  watchMongodbCommands(mongo, (command, content) => {
    report({ seen: command });
    for (const fault of commandFaults(name, command, content)) report({ fault });
  });
}
