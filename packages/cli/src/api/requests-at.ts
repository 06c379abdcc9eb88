import { bodyOf, fieldsOf, type Given, ifMatch, inPath, onceHeader, pageQuery } from '../command.ts';
import type { ApiRequest } from './call-api.ts';

type Fields = Readonly<Record<string, unknown>>;
type FieldsOf = (given: Given) => Fields | Promise<Fields>;
/** Query parameters by the options that set them. */
type QueryNames = Readonly<Record<string, string>>;

/**
 * Returns functions that make requests to a collection at one path of the API; the argument `id` selects the object.
 */
export const requestsAt = (path: string) => {
  const one = (given: Given): string => `${path}/${inPath(given, 'id')}`;
  return {
    /** Requests a page of the collection. */
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
    /** Requests an action on one object, such as `enable`. */
    act:
      (action: string) =>
      (given: Given): ApiRequest => ({
        method: 'POST',
        path: `${one(given)}/${action}`,
        headers: { ...ifMatch(given), ...onceHeader(given) },
      }),
  };
};
