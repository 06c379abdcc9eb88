import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildEarlier } from './earlier-build.ts';

/** A build of the services: an earlier one, and what is checked out. */
export type BuildName = 'earlier' | 'present';

/** Two builds of the services for the processes of one stack. */
export type TwoBuilds = Readonly<{
  /** The commit of the earlier one, and whether it has other code; for people. */
  description: string;
  /** Environment of the stack. Its console is always the present one. */
  env: Readonly<Record<string, string>>;
  /** Chooses the build that processes run from their next start on. */
  choose(name: BuildName): Promise<void>;
  /** Returns the build that a process runs. */
  runBy(pid: number): Promise<BuildName>;
  remove(): Promise<void>;
}>;

/** Builds the services as an earlier commit has them. At first, processes run these. */
export const openTwoBuilds = async (): Promise<TwoBuilds> => {
  const folder = await mkdtemp(join(tmpdir(), 'tidings-builds-'));
  const [chosen, log] = ['build.json', 'runs.txt'].map((name) => join(folder, name)) as [string, string];
  const { commit, url: earlier } = await buildEarlier(folder);
  const choose = async (name: BuildName): Promise<void> =>
    writeFile(chosen, JSON.stringify({ name, url: name === 'earlier' ? earlier : null }));
  await choose('earlier');
  await writeFile(log, '');
  return {
    description:
      commit === null
        ? 'this clone has no earlier commit (git fetch --unshallow brings them): both builds have the same code, so this shows that processes are replaced, not that their formats agree'
        : `the earlier build is that of commit ${commit.slice(0, 8)}`,
    env: {
      NODE_OPTIONS: `--import=${new URL('run-build.mjs', import.meta.url).href}`,
      BUILD_TO_RUN: chosen,
      BUILDS_RUN: log,
    },
    choose,
    runBy: async (pid) => {
      const lines = (await readFile(log, 'utf8')).trim().split('\n');
      const line = lines.findLast((one) => one.startsWith(`${pid} `));
      if (line === undefined) throw new Error(`process ${pid} has not started a build:\n${lines.join('\n')}`);
      return line.split(' ')[1] as BuildName;
    },
    remove: async () => rm(folder, { recursive: true, force: true }),
  };
};
