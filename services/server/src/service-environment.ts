import type { Environment } from '@tidings/runtime';
import type { ServiceName } from './select-services.ts';

const wildcards: ReadonlySet<string> = new Set(['', '0.0.0.0', '::']);

/**
 * Returns the environment of one service of a process that runs `selected`. Settings that follow from what runs beside
 * it are added: the console finds services with a fixed port at loopback, and they trust the address that the console
 * forwards.
 */
export function serviceEnvironment(
  name: ServiceName,
  selected: readonly ServiceName[],
  env: Environment,
): Environment {
  if (!selected.includes('console') || selected.length === 1) return env;
  if (name !== 'console') {
    const proxies = [env['TRUSTED_PROXIES']?.trim() ?? '', 'loopback'].filter((proxy) => proxy !== '');
    return { ...env, TRUSTED_PROXIES: proxies.join(',') };
  }
  const urls = selected.flatMap((other) => {
    const url = ownUrl(other.toUpperCase(), env);
    return url === undefined ? [] : [[`${other.toUpperCase()}_URL`, url] as const];
  });
  return { ...Object.fromEntries(urls), ...withoutEmpty(env) };
}

function ownUrl(prefix: string, env: Environment): string | undefined {
  const port = env[`${prefix}_PORT`]?.trim() ?? '';
  if (!/^[1-9]\d*$/.test(port)) return undefined;
  const host = env[`${prefix}_HOST`]?.trim() ?? '';
  if (wildcards.has(host)) return `http://127.0.0.1:${port}`;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

// An empty variable counts as unset.
function withoutEmpty(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value?.trim() !== ''));
}
