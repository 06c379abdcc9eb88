import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file of the browser application, in the encodings that the build has made. */
export type WebFile = Readonly<{
  type: string;
  /** True for a file whose name has a hash of its content: it never changes. */
  isHashed: boolean;
  encodings: ReadonlyMap<'br' | 'gzip' | 'identity', Buffer>;
}>;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/**
 * Returns the folder of the built application. The build of this service has one folder more between this file and the
 * service than its source has.
 */
export function webFolder(): string {
  const places = ['../../../web/dist', '../../../../web/dist'];
  const folders = places.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  return folders.find((folder) => existsSync(join(folder, 'index.html'))) ?? (folders[0] as string);
}

/** Reads a built application: its files by path, such as `/assets/index-Cx3.js`. Empty if nothing has been built. */
export function readWebFiles(folder: string): ReadonlyMap<string, WebFile> {
  if (!existsSync(folder)) return new Map();
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) =>
    name.replaceAll('\\', '/'),
  );
  const wanted = names.filter((name) => types[extname(name)] !== undefined);
  return new Map(wanted.map((name) => [`/${name}`, readWebFile(folder, name)]));
}

function readWebFile(folder: string, name: string): WebFile {
  const path = join(folder, name);
  const encodings: [name: 'br' | 'gzip' | 'identity', file: string][] = [
    ['br', `${path}.br`],
    ['gzip', `${path}.gz`],
    ['identity', path],
  ];
  return {
    type: types[extname(name)] ?? '',
    isHashed: name.startsWith('assets/'),
    encodings: new Map(
      encodings.filter(([, file]) => existsSync(file)).map(([key, file]) => [key, readFileSync(file)]),
    ),
  };
}
