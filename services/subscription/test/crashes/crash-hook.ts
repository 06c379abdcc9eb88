import mongoose from 'mongoose';
import type { CrashPoint } from './registry-process.ts';

// Loaded before the service with `node --import`. Sends a signal to its own process at one command to MongoDB,
// immediately before the command is sent or after its response arrives. The service does not begin its next step.

type Command = Readonly<Record<string, unknown>>;
type Started = Readonly<{ requestId: number; commandName: string; command: Command }>;

const requested = process.env['STRIKE'];
let crashPoint: CrashPoint | null = requested === undefined ? null : (JSON.parse(requested) as CrashPoint);
process.on('message', (message) => {
  crashPoint = message as CrashPoint;
  process.send?.('armed');
});

function fire({ signal }: CrashPoint): void {
  crashPoint = null;
  process.kill(process.pid, signal);
}

const textOf = (command: Command): string =>
  JSON.stringify(command['documents'] ?? command['updates'] ?? command['deletes'] ?? null);

const { prototype } = mongoose.mongo.MongoClient;
const { connect } = prototype;
prototype.connect = async function watched(this: mongoose.mongo.MongoClient) {
  const meant = new Set<number>();
  this.on('commandStarted', ({ requestId, commandName, command }: Started) => {
    if (
      crashPoint === null ||
      commandName !== crashPoint.command ||
      !textOf(command).includes(crashPoint.text)
    )
      return;
    if (crashPoint.collection !== undefined && crashPoint.collection !== command[commandName]) return;
    if (crashPoint.at === 'sent') fire(crashPoint);
    else meant.add(requestId);
  });
  this.on('commandSucceeded', ({ requestId }: Pick<Started, 'requestId'>) => {
    if (crashPoint !== null && meant.has(requestId)) fire(crashPoint);
  });
  return connect.call(this);
};
