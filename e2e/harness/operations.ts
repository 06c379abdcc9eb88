/** The response of `/v1/openapi.json`. */
export type Description = Readonly<{
  info: object;
  paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}>;

/** An operation of the API description, reduced to what tenant isolation needs. */
export type Operation = Readonly<{
  operationId: string;
  method: string;
  path: string;
  /** The required scope; `any` if every key has access, null if no key is required. */
  scope: string | null;
  takesIfMatch: boolean;
  takesBody: boolean;
  /** The names of the query parameters. */
  query: readonly string[];
  /** The documented response statuses. */
  statuses: readonly number[];
}>;

type Described = Readonly<{
  operationId: string;
  security: readonly { key?: readonly string[] }[];
  parameters?: readonly Readonly<{ $ref?: string; in?: string; name?: string }>[];
  requestBody?: unknown;
  responses: Readonly<Record<string, unknown>>;
}>;

const methods = ['get', 'post', 'put', 'patch', 'delete'];
const headerNames = ['If-Match', 'Idempotency-Key'];

function readOperation(path: string, method: string, described: Described): Operation {
  const { operationId, security, parameters = [], requestBody, responses } = described;
  const names = parameters
    .filter((parameter) => parameter.in !== 'path')
    .map(({ name, $ref = '' }) => name ?? $ref.slice($ref.lastIndexOf('/') + 1));
  return {
    operationId,
    method: method.toUpperCase(),
    path,
    scope: security.length === 0 ? null : (security[0]?.key?.[0] ?? 'any'),
    takesIfMatch: names.includes('If-Match'),
    takesBody: requestBody !== undefined,
    query: names.filter((name) => !headerNames.includes(name)),
    statuses: Object.keys(responses).map(Number),
  };
}

/** Returns every operation of a description. */
export const operationsOf = ({ paths }: Description): readonly Operation[] =>
  Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([method]) => methods.includes(method))
      .map(([method, described]) => readOperation(path, method, described as Described)),
  );
