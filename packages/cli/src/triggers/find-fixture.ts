import { callApi } from '../api/call-api.ts';
import type { Target } from '../api/find-target.ts';
import type { Given } from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';
import type { Fixture } from '../fixtures/fixture.ts';
import { fixtures } from '../fixtures/fixtures.ts';

type EventType = Readonly<{ name: string; description?: string | null; example?: unknown }>;
type Page = Readonly<{ data?: readonly EventType[]; next_cursor?: string | null }>;

const path = '/v1/webhooks/event-types';

const ofType = ({ name, description, example }: EventType): Fixture => ({
  ...{ name, provider: null, description: description ?? 'example of the catalogue' },
  make: () => ({ body: example }),
});

const hasExample = ({ example }: EventType): boolean => example !== null && example !== undefined;

/**
 * Returns the example of an event type in the catalogue, else the built-in fixture. Throws CommandFailed if there is
 * neither.
 */
export async function findFixture(name: string, target: Target): Promise<Fixture> {
  const builtIn = fixtures.get(name);
  // The catalogue knows the types of providers from what sources received: without an example.
  if (builtIn !== undefined && builtIn.provider !== null) return builtIn;
  try {
    const found = await callApi(target, { method: 'GET', path: `${path}/${encodeURIComponent(name)}` });
    if (hasExample(found as EventType)) return ofType({ ...(found as EventType), name });
  } catch (error) {
    const isNone = error instanceof CommandFailed && (error.status === 404 || error.status === 403);
    if (!isNone) throw error;
  }
  return builtIn ?? missing(name);
}

/** Returns a built-in fixture. Throws CommandFailed for another name. */
export const builtInFixture = (name: string): Fixture => fixtures.get(name) ?? missing(name);

function missing(name: string): never {
  const hint = 'tidings trigger --list shows what there is; an event type needs an example';
  throw new CommandFailed(exitCodes.usage, `There is no fixture '${name}': ${hint}.`);
}

/** Lists the built-in fixtures, and the event types with an example where the API can be asked. */
export async function listFixtures({ progress }: Given, target: () => Target): Promise<readonly object[]> {
  const builtIn = [...fixtures.values()].map(({ name, provider, description }) => ({
    ...{ name, provider, description },
  }));
  try {
    const own = await exampleTypes(target());
    const names = new Set(own.map(({ name }) => name));
    return [...own, ...builtIn.filter(({ name }) => !names.has(name))];
  } catch (error) {
    if (!(error instanceof CommandFailed)) throw error;
    progress(
      'Without the examples of your catalogue: the API or a key that may read event types is missing.',
    );
    return builtIn;
  }
}

async function exampleTypes(
  target: Target,
): Promise<readonly { name: string; provider: null; description: string }[]> {
  const found: { name: string; provider: null; description: string }[] = [];
  let cursor: string | undefined;
  do {
    const query = { limit: '100', cursor };
    const page = (await callApi(target, { method: 'GET', path, query })) as Page;
    for (const type of (page.data ?? []).filter(hasExample))
      found.push({ name: type.name, provider: null, description: ofType(type).description });
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return found;
}
