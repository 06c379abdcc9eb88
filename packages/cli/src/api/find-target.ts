import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';

/** The URL of the API and the API key. */
export type Target = Readonly<{ url: string; apiKey: string }>;

/** The inputs of {@link findTarget}: `url` is the value of --url. */
export type TargetInput = Readonly<{ url: string | undefined; env: NodeJS.ProcessEnv; folder: string }>;

/**
 * Returns the URL from TIDINGS_URL (or --url) and the key from TIDINGS_API_KEY. Missing values come from
 * `local.json` of the running local stack: in the folder TIDINGS_DATA, or else in `.tidings` of this folder or a parent.
 * The local stack's key is sent to the local stack only.
 */
export function findTarget({ url, env, folder }: TargetInput): Target {
  const given = url ?? env['TIDINGS_URL'];
  const apiKey = env['TIDINGS_API_KEY'];
  if (given !== undefined && apiKey !== undefined) return { url: checked(given), apiKey };
  const data = env['TIDINGS_DATA'];
  const local = data === undefined || data === '' ? stateAbove(folder) : stateIn(resolve(folder, data));
  if (local === null) throw new CommandFailed(exitCodes.noTarget, missingText(given, data));
  if (given !== undefined && checked(given) !== local.url) {
    const message = `Set TIDINGS_API_KEY: the key in local.json of the local stack belongs to ${local.url}, not to ${given}.`;
    throw new CommandFailed(exitCodes.noTarget, message);
  }
  return { url: local.url, apiKey: apiKey ?? local.apiKey };
}

function missingText(url: string | undefined, data: string | undefined): string {
  const missing = url === undefined ? 'TIDINGS_URL and TIDINGS_API_KEY' : 'TIDINGS_API_KEY';
  const found =
    data === undefined || data === ''
      ? 'The API is not configured'
      : `No local stack runs on TIDINGS_DATA=${data} (it has no local.json)`;
  return `${found}: set ${missing}; or start a local stack with \`npm start\` and run the command inside its folder; or, for one started with \`--data DIR\`, set TIDINGS_DATA=DIR.`;
}

function checked(url: string): string {
  const parsed = parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new CommandFailed(exitCodes.usage, `The URL of the API must be http or https, got '${url}'.`);
  }
  // The key is sent to this URL: an endpoint URL given as --url must not receive it.
  const { pathname, search, hash } = parsed;
  if (pathname !== '/' || search !== '' || hash !== '') {
    const message = `--url must be the origin of the Tidings API, without a path, got '${url}'. Use --endpoint for the URL of an endpoint.`;
    throw new CommandFailed(exitCodes.usage, message);
  }
  return url.replace(/\/+$/, '');
}

// Not URL.canParse: on Node 20 it returns false for letters such as ü once it is optimised.
function parse(url: string): URL | null {
  try {
    return new URL(url);
  } catch {
    // TypeError ERR_INVALID_URL is its only error, and has no details.
    return null;
  }
}

function stateAbove(folder: string): Target | null {
  for (let here = folder; ; here = dirname(here)) {
    const state = stateIn(join(here, '.tidings'));
    if (state !== null) return state;
    if (dirname(here) === here) return null;
  }
}

function stateIn(dataFolder: string): Target | null {
  const state = readJson(join(dataFolder, 'local.json'));
  const [url, apiKey] = [field(state, 'url'), field(state, 'admin_key')];
  return url === null || apiKey === null ? null : { url, apiKey };
}

function field(state: unknown, name: string): string | null {
  const value: unknown = typeof state === 'object' && state !== null ? Reflect.get(state, name) : null;
  return typeof value === 'string' ? value : null;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    // The file is missing or is being written: the caller searches further and reports the missing values.
    return null;
  }
}
