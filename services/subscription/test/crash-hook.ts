import mongoose from 'mongoose';
import type { Strike } from './registry-process.ts';

// Loaded before the service by `node --import`: sends a signal to its own process at one command to MongoDB, in the very
// moment before it leaves or after its answer came. What the service would do next is then not begun.

type Command = Readonly<Record<string, unknown>>;
type Started = Readonly<{ requestId: number; commandName: string; command: Command }>;

const asked = process.env['STRIKE'];
let strike: Strike | null = asked === undefined ? null : (JSON.parse(asked) as Strike);
process.on('message', (message) => {
  strike = message as Strike;
  process.send?.('armed');
});

function fire({ signal }: Strike): void {
  strike = null;
  process.kill(process.pid, signal);
}

const textOf = (command: Command): string =>
  JSON.stringify(command['documents'] ?? command['updates'] ?? command['deletes'] ?? null);

const { prototype } = mongoose.mongo.MongoClient;
const { connect } = prototype;
prototype.connect = async function watched(this: mongoose.mongo.MongoClient) {
  const meant = new Set<number>();
  this.on('commandStarted', ({ requestId, commandName, command }: Started) => {
    if (strike === null || commandName !== strike.command || !textOf(command).includes(strike.text)) return;
    if (strike.collection !== undefined && strike.collection !== command[commandName]) return;
    if (strike.at === 'sent') fire(strike);
    else meant.add(requestId);
  });
  this.on('commandSucceeded', ({ requestId }: Pick<Started, 'requestId'>) => {
    if (strike !== null && meant.has(requestId)) fire(strike);
  });
  return connect.call(this);
};
