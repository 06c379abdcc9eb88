import type { ApiRequest } from './call-api.ts';
import { bodyOf, fieldsOf, type Given, ifMatch, inPath, onceHeader, pageQuery } from './command.ts';

type Fields = Readonly<Record<string, unknown>>;
type FieldsOf = (given: Given) => Fields | Promise<Fields>;
/** Fields of a query by the options that say them. */
type QueryNames = Readonly<Record<string, string>>;

/** The requests to what is kept at one path of the API, by what was given on a command line; the argument `id` says which. */
export const requestsAt = (path: string) => {
  const one = (given: Given): string => `${path}/${inPath(given, 'id')}`;
  return {
    /** A page of them. */
    list:
      (names: QueryNames = {}) =>
      (given: Given): ApiRequest => ({
        method: 'GET',
        path,
        query: { ...fieldsOf(given, names), ...pageQuery(given) },
      }),
    get:
      (names: QueryNames = {}) =>
      (given: Given): ApiRequest => ({ method: 'GET', path: one(given), query: fieldsOf(given, names) }),
    create:
      (fields: FieldsOf) =>
      async (given: Given): Promise<ApiRequest> => ({
        method: 'POST',
        path,
        body: await bodyOf(given, await fields(given)),
        headers: onceHeader(given),
      }),
    delete: (given: Given): ApiRequest => ({ method: 'DELETE', path: one(given), headers: ifMatch(given) }),
    /** What is done to one of them, such as `enable`. */
    act:
      (action: string) =>
      (given: Given): ApiRequest => ({
        method: 'POST',
        path: `${one(given)}/${action}`,
        headers: { ...ifMatch(given), ...onceHeader(given) },
      }),
  };
};
