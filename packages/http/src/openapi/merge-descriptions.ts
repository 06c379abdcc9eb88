import { type ApiDescription, tagsOf } from './describe-api.ts';

/**
 * Merges the descriptions of several services. `missing` names the services whose part is unavailable: the text states
 * them, and `x-missing-services` lists them.
 */
export function mergeDescriptions(
  parts: readonly ApiDescription[],
  missing: readonly string[] = [],
): ApiDescription {
  const [first = empty] = parts;
  const notice = `\n\n**Not complete now:** the part of ${missing.join(' and ')} could not be read.`;
  const info =
    missing.length === 0
      ? first.info
      : {
          ...first.info,
          description: `${String(first.info['description'])}${notice}`,
          'x-missing-services': missing,
        };
  return {
    ...first,
    info,
    tags: tagsOf(parts.flatMap(({ tags }) => tags.map(({ name }) => name))),
    paths: joined(parts.map(({ paths }) => paths)),
    webhooks: joined(parts.map(({ webhooks = {} }) => webhooks)),
    components: joined(parts.map(({ components }) => components)),
  };
}

const empty: ApiDescription = {
  openapi: '3.1.0',
  info: { title: 'Tidings', version: '1', description: '' },
  servers: [{ url: '/' }],
  security: [],
  tags: [],
  paths: {},
  components: {},
};

type Groups = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

// Shared components are equal in all descriptions: the same code generates them.
function joined(all: readonly Groups[]): Groups {
  const names = [...new Set(all.flatMap((groups) => Object.keys(groups)))].sort();
  return Object.fromEntries(
    names.map((name) => [name, Object.assign({}, ...all.map((groups) => groups[name]))]),
  );
}
