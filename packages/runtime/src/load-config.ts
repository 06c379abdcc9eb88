import { readFileSync } from 'node:fs';
import type { ErrorDetail } from '@tidings/json';
import { AppError } from './app-error.ts';
import { type Reading, type Setting, withoutPassword } from './settings.ts';

/** Settings of one service, by their names in the code: `{ port: integer({ env: 'INGRESS_PORT', … }) }`. */
export type ConfigSpec = Readonly<Record<string, Setting<unknown>>>;

/** Frozen values that {@link loadConfig} returns for a spec. */
export type ConfigOf<S extends ConfigSpec> = Readonly<{
  [K in keyof S]: S[K] extends Setting<infer T> ? T : never;
}>;

/** Environment variables: `process.env` or a plain object in tests. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads every setting once. An empty variable counts as unset; variables outside the spec are ignored, since all
 * services share one environment. A secret may be in a file that `<env>_FILE` names. Throws one AppError `config-invalid` that lists all problems together.
 */
export function loadConfig<const S extends ConfigSpec>(spec: S, env: Environment): ConfigOf<S> {
  const values: Record<string, unknown> = {};
  const problems: ErrorDetail[] = [];
  for (const [name, setting] of Object.entries(spec)) {
    const reading = readSetting(setting, env);
    if (reading.ok) values[name] = reading.value;
    else problems.push({ pointer: `/${setting.env}`, detail: `${setting.env} ${reading.problem}` });
  }
  if (problems.length > 0) {
    const message = problems.map(({ detail }) => detail).join('\n');
    throw new AppError({ code: 'config-invalid', message, details: problems });
  }
  return Object.freeze(values) as ConfigOf<S>;
}

const textOf = (env: Environment, name: string): string | undefined => {
  const text = env[name]?.trim();
  return text === '' ? undefined : text;
};

function readSetting<T>(setting: Setting<T>, env: Environment): Reading<T> {
  const text = textOf(env, setting.env);
  const file = setting.mayBeFile === true ? textOf(env, `${setting.env}_FILE`) : undefined;
  if (file === undefined) return setting.read(text);
  const variable = `${setting.env}_FILE`;
  if (text !== undefined) return { ok: false, problem: `and ${variable} are both set: remove one of them` };
  let content: string;
  try {
    content = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'an error';
    return { ok: false, problem: `cannot be read from the file '${file}' of ${variable}: ${reason}` };
  }
  if (content !== '') return setting.read(content);
  return { ok: false, problem: `cannot be read from the file '${file}' of ${variable}: it is empty` };
}

/** Returns the config by variable name for the start-up line; secrets and passwords in URLs are `***`, unset values are `-`. */
export function describeConfig<S extends ConfigSpec>(spec: S, config: ConfigOf<S>): Record<string, string> {
  const shown: Record<string, string> = {};
  for (const [name, setting] of Object.entries(spec)) {
    const value = config[name];
    if (value === undefined) shown[setting.env] = '-';
    else if (setting.isSecret) shown[setting.env] = '***';
    else shown[setting.env] = Array.isArray(value) ? value.join(',') : withoutPassword(String(value));
  }
  return shown;
}
