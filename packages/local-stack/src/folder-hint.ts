import { resolve } from 'node:path';

/**
 * Returns the lines that tell how the command-line tool and the examples find a stack whose data folder is not `.tidings`
 * of `cwd`; none for that folder, where they look by themselves.
 */
export function folderHint(dataDir: string, cwd: string): readonly string[] {
  const folder = resolve(cwd, dataDir);
  if (folder === resolve(cwd, '.tidings')) return [];
  const quoted = `'${folder.replaceAll("'", String.raw`'\''`)}'`;
  return ['', 'So that npx tidings and the examples find this stack:', '', `export TIDINGS_DATA=${quoted}`];
}
