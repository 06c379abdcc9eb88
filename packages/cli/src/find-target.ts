import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CommandFailed, exitCodes } from './exit-codes.ts';

/** Where the API is, and with which key. */
export type Target = Readonly<{ url: string; apiKey: string }>;

/** What decides on it: `url` is that of the command line. */
export type Surroundings = Readonly<{ url: string | undefined; env: NodeJS.ProcessEnv; folder: string }>;

/**
 * TIDINGS_URL (or --url) and TIDINGS_API_KEY; what is not set comes from `.tidings/local.json` of the running local stack,
 * in this folder or above it. The key of the local stack is only ever sent to the local stack.
 */
export function findTarget({ url, env, folder }: Surroundings): Target {
  const requests = url ?? env['TIDINGS_URL'];
  const apiKey = env['TIDINGS_API_KEY'];
  if (requests !== undefined && apiKey !== undefined) return { url: checked(requests), apiKey };
  const local = readLocalState(folder);
  if (local === null) {
    const missing = requests === undefined ? 'TIDINGS_URL and TIDINGS_API_KEY' : 'TIDINGS_API_KEY';
    const message = `There is no target: set ${missing}, or start a local stack with \`npm start\` and run this inside its folder.`;
    throw new CommandFailed(exitCodes.noTarget, message);
  }
  if (requests !== undefined && checked(requests) !== local.url) {
    const message = `Set TIDINGS_API_KEY: the key in .tidings/local.json belongs to ${local.url}, not to ${requests}.`;
    throw new CommandFailed(exitCodes.noTarget, message);
  }
  return { url: local.url, apiKey: apiKey ?? local.apiKey };
}

function checked(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new CommandFailed(exitCodes.usage, `The URL of the API must be http or https, got '${url}'.`);
  }
  // The key goes where this leads: an endpoint given as --url must not get it.
  const { pathname, search, hash } = new URL(url);
  if (pathname !== '/' || search !== '' || hash !== '') {
    const message = `--url says where the API of Tidings is, an origin without a path, got '${url}'. An endpoint is given as --endpoint.`;
    throw new CommandFailed(exitCodes.usage, message);
  }
  return url.replace(/\/+$/, '');
}

function readLocalState(folder: string): Target | null {
  for (let here = folder; ; here = dirname(here)) {
    const state = readJson(join(here, '.tidings', 'local.json'));
    const [url, apiKey] = [field(state, 'url'), field(state, 'admin_key')];
    if (url !== null && apiKey !== null) return { url, apiKey };
    if (dirname(here) === here) return null;
  }
}

function field(state: unknown, name: string): string | null {
  const value: unknown = typeof state === 'object' && state !== null ? Reflect.get(state, name) : null;
  return typeof value === 'string' ? value : null;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // Not there, or being written just now: the caller looks further and says what is missing.
    return null;
  }
}
