import type * as Generator from 'json-schema-to-typescript';
import { callApi } from '../api/call-api.ts';
import type { CommandSpec } from '../command.ts';
import { CommandFailed } from '../command-failed.ts';
import { exitCodes } from '../exit-codes.ts';

type Schema = Readonly<Record<string, unknown>>;
type Message = Readonly<{ description?: string; payload?: Readonly<{ schema?: Schema }> }>;
type Catalogue = Readonly<{ components?: Readonly<{ messages?: Readonly<Record<string, Message>> }> }>;

const generator = 'json-schema-to-typescript';
const banner = `// The event types of the catalogue: written by \`tidings event-types types\`. Do not edit.`;

/** tidings event-types types. */
export const typesCommand: CommandSpec = {
  name: 'event-types types',
  description: `print the event types as TypeScript, for createClient<Events> of the SDK; needs the package ${generator}`,
  examples: ['event-types types > events.d.ts'],
  view: { text: (body) => String(Reflect.get(body, 'typescript')) },
  run: async (_given, target) => {
    const { compile } = await loadGenerator();
    const path = '/v1/webhooks/event-types/export?format=asyncapi';
    const { components } = (await callApi(target, { method: 'GET', path })) as Catalogue;
    return { typescript: await typescriptOf(components?.messages ?? {}, compile) };
  },
};

async function typescriptOf(
  messages: Readonly<Record<string, Message>>,
  compile: typeof Generator.compile,
): Promise<string> {
  const properties = Object.fromEntries(
    Object.entries(messages).map(([name, message]) => [name, propertyOf(name, message)]),
  );
  const schema = {
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  };
  const text = await compile(schema as Parameters<typeof compile>[0], 'Events', {
    bannerComment: banner,
    // A consumer of a schema ignores fields that it does not know, and so do its types.
    additionalProperties: false,
    unknownAny: true,
    style: { singleQuote: true },
    // Nothing but the catalogue is read, whatever a schema refers to.
    $refOptions: { resolve: { external: false } },
  });
  return text.trimEnd();
}

// An optional package: with its formatter it is ten times as large as this command.
async function loadGenerator(): Promise<typeof Generator> {
  try {
    return await import('json-schema-to-typescript');
  } catch {
    const advice = `npm install --save-dev ${generator}`;
    throw new CommandFailed(exitCodes.usage, `This command needs the package ${generator}: ${advice}`);
  }
}

/** Returns the schema of a type inside of the whole: its references begin at its own place. */
function propertyOf(name: string, { description, payload }: Message): Schema {
  const { $id: _, $schema: __, ...schema } = payload?.schema ?? {};
  const isUntyped = Object.keys(schema).length === 0;
  const inside = moved(schema, `#/properties/${name}`) as Schema;
  return {
    ...(isUntyped ? { tsType: 'unknown' } : inside),
    ...(description === undefined ? {} : { description }),
  };
}

function moved(value: unknown, place: string): unknown {
  if (Array.isArray(value)) return value.map((item) => moved(item, place));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      // Extensions of the generator, by which a schema could write any text into the types.
      .filter(([key]) => key !== 'tsType' && key !== 'tsEnumNames')
      .map(([key, member]) =>
        key === '$ref' && typeof member === 'string' && member.startsWith('#')
          ? [key, `${place}${member.slice(1)}`]
          : [key, moved(member, place)],
      ),
  );
}
