import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { root } from '../stack.ts';

/** A commit of this repository, checked out and built in a temporary folder. */
export type EarlierTree = Readonly<{ folder: string; commit: string; remove(): Promise<void> }>;

const run = promisify(execFile);

const git = async (...args: string[]): Promise<string> => {
  const { stdout } = await run('git', args, { cwd: root });
  return stdout.trim();
};

/** Names what is checked out here: the commit, and whether files differ from it. */
export const checkedOut = async (): Promise<string> => git('describe', '--always', '--dirty', '--abbrev=8');

/**
 * Returns the commit to compare with: the one that `against` names, or else the last one that main shares with what is
 * checked out. On main itself that is HEAD, and the commit before it is taken.
 */
export const earlierCommit = async (against: string): Promise<string> => {
  if (against !== '') {
    return git('rev-parse', '--verify', `${against}^{commit}`).catch((cause: unknown) => {
      throw new Error(`--against '${against}' names no commit: give a branch, a tag or a hash`, { cause });
    });
  }
  const [head, base] = await Promise.all([
    git('rev-parse', 'HEAD'),
    git('merge-base', 'HEAD', 'main').catch(() => ''),
  ]);
  return base === '' || base === head ? git('rev-parse', 'HEAD~1') : base;
};

const build = async (folder: string): Promise<void> => {
  const child = spawn(process.execPath, ['deploy/local/build.mjs'], {
    cwd: folder,
    // Most packages are those of this tree, which the package manager has stored.
    env: { ...process.env, npm_config_prefer_offline: 'true' },
    stdio: 'inherit',
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`the earlier commit cannot be built: see the messages above`);
};

/** Checks out a commit in a temporary folder, installs its dependencies and builds it: one to three minutes. */
export const openEarlierTree = async (commit: string): Promise<EarlierTree> => {
  const parent = await mkdtemp(join(tmpdir(), 'tidings-check-'));
  const folder = join(parent, 'tree');
  const remove = async (): Promise<void> => {
    await git('worktree', 'remove', '--force', folder).catch((error: unknown) => console.error(error));
    await rm(parent, { recursive: true, force: true });
  };
  try {
    await git('worktree', 'add', '--detach', folder, commit);
    await build(folder);
  } catch (error) {
    await remove();
    throw error;
  }
  return { folder, commit, remove };
};
