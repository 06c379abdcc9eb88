import { appTopics, encodeRunCommand, type RunCommand, type RunRecorded } from '@tidings/contracts';
import { app, type World } from './world.ts';

const send = async (world: World, wanted: RunCommand, run: RunRecorded): Promise<void> => {
  const producer = await world.bus.producer();
  const topic = appTopics(app).commands;
  await producer.publish({ topic, partition: run.event.partition, ...encodeRunCommand(wanted) });
};

/** Asks for a retry of a run, as it is now. */
export const retry = async (world: World, run: RunRecorded): Promise<void> => {
  const { runId, sequence } = run;
  await send(world, { type: 'RunRetryRequested.v1', runId, sequence, by: 'key_1', atMs: 1 }, run);
};

export const cancel = async (world: World, run: RunRecorded): Promise<void> => {
  const { runId } = run;
  await send(world, { type: 'RunCancelRequested.v1', runId, by: 'key_1', reason: null, atMs: 1 }, run);
};

/** Returns the run of an event. */
export const runOf = (world: World, id: string): RunRecorded => {
  const found = world.runs().find(({ event }) => event.id === id);
  if (found === undefined) throw new Error(`no run of ${id}`);
  return found;
};
