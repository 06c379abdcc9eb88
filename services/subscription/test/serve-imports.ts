import { serveCatalogue } from './in-memory-catalogue.ts';

/** An answer of the catalogue. */
type CatalogueAnswer = Readonly<{ body: Readonly<Record<string, unknown>> }>;

/** What became of one type of a document. */
type Row = Readonly<{
  name: string;
  outcome: string;
  version: number | null;
  active_schema: number | null;
  code: string | null;
  errors: readonly Readonly<{ pointer: string; detail: string }>[];
}>;

/** What became of each type. */
export const rowsOf = ({ body }: CatalogueAnswer): readonly Row[] => body['data'] as readonly Row[];
/** The same by name. */
export const outcomesOf = (answer: CatalogueAnswer): Readonly<Record<string, string>> =>
  Object.fromEntries(rowsOf(answer).map(({ name, outcome }) => [name, outcome]));
/** Where in the document there are faults. */
export const faultsOf = (answer: CatalogueAnswer): readonly string[] =>
  rowsOf(answer).flatMap(({ errors }) => errors.map(({ pointer }) => pointer));

/** A catalogue, and how documents are imported into it. */
export async function serveImports() {
  const served = await serveCatalogue();
  const take = async (document: unknown, query = '', key = 'own') =>
    served.call('POST', `/import${query}`, { body: document, key });
  const type = async (name: string) => (await served.call('GET', `/${name}`)).body;
  return { ...served, take, type };
}
