import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { shiftedJavaClock } from '../faults/java-clock.ts';

const ofNode = new URL('../../faults/shifted-clock.mjs', import.meta.url).href;
const ofJava = fileURLToPath(new URL('../../faults/java/ShiftedClock.java', import.meta.url));

/** The folder that tells each process of a stack by how much its wall clock is wrong, and the environment in which it reads that. */
export type Clocks = Readonly<{ clockFolder: string; env: Readonly<Record<string, string>> }>;

/** Prepares the clocks of services, brokers and the embedded MongoDB in the folder of a run. */
export const prepareClocks = async (folder: string): Promise<Clocks> => {
  const clockFolder = join(folder, 'clocks');
  const agent = await shiftedJavaClock({ source: ofJava, folder: join(folder, 'java-clock'), clockFolder });
  return {
    clockFolder,
    env: { ...agent, CHAOS_CLOCK_FOLDER: clockFolder, NODE_OPTIONS: `--import=${ofNode}` },
  };
};
