import { serveCatalogue } from './in-memory-catalogue.ts';

/** A response of the catalogue. */
type CatalogueAnswer = Readonly<{ body: Readonly<Record<string, unknown>> }>;

/** Result of importing one type of a document. */
type Row = Readonly<{
  name: string;
  outcome: string;
  version: number | null;
  active_schema: number | null;
  code: string | null;
  errors: readonly Readonly<{ pointer: string; detail: string }>[];
}>;

/** Returns the result of each type. */
export const rowsOf = ({ body }: CatalogueAnswer): readonly Row[] => body['data'] as readonly Row[];
/** Returns the outcomes by name. */
export const outcomesOf = (answer: CatalogueAnswer): Readonly<Record<string, string>> =>
  Object.fromEntries(rowsOf(answer).map(({ name, outcome }) => [name, outcome]));
/** Returns the pointers to faults in the document. */
export const faultsOf = (answer: CatalogueAnswer): readonly string[] =>
  rowsOf(answer).flatMap(({ errors }) => errors.map(({ pointer }) => pointer));

/** Serves a catalogue and a function that imports documents into it. */
export async function serveImports() {
  const served = await serveCatalogue();
  const take = async (document: unknown, query = '', key = 'own') =>
    served.call('POST', `/import${query}`, { body: document, key });
  const type = async (name: string) => (await served.call('GET', `/${name}`)).body;
  return { ...served, take, type };
}

/** Returns an AsyncAPI document with these messages. */
export const anAsyncApi = (messages: object, more: object = {}) => ({
  asyncapi: '3.0.0',
  info: { title: 'Theirs', version: '1.0.0' },
  channels: {},
  components: { messages, ...more },
});

/** Returns an OpenAPI document with these webhooks. */
export const anOpenApi = (webhooks: object, components: object = {}) => ({
  openapi: '3.1.0',
  info: { title: 'Theirs', version: '1.0.0' },
  webhooks,
  components,
});
