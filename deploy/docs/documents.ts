import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));

/** A Markdown file of the repository: its path from the root, its folder, and its text. */
export type Document = Readonly<{ path: string; folder: string; text: string }>;

const folders = ['', 'docs/', 'docs/adr/', 'bench/', 'examples/', 'examples/receivers/', 'deploy/compose/'];
const membersOf = (folder: string): readonly string[] =>
  readdirSync(root + folder).map((name) => `${folder}${name}/`);

/** Returns the documents of the repository, packages and services included. */
export function documents(): readonly Document[] {
  return [...folders, ...membersOf('packages/'), ...membersOf('services/'), 'services/console/web/']
    .filter((folder) => existsSync(root + folder))
    .flatMap((folder) =>
      readdirSync(root + folder)
        .filter((name) => name.endsWith('.md'))
        .map((name) => ({ path: folder + name, folder, text: readFileSync(root + folder + name, 'utf8') })),
    );
}
