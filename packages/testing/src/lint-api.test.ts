import { expect, it } from 'vitest';
import { lintApi } from './lint-api.ts';

const problem = {
  description: 'No.',
  content: {
    'application/problem+json': {
      schema: { type: 'object', properties: { type: { type: 'string' }, title: { type: 'string' } } },
    },
  },
};
const operation = {
  operationId: 'readThing',
  tags: ['Things'],
  summary: 'Read a thing',
  description: 'Reads it.',
  security: [{ key: [] }],
  responses: { 200: { description: 'It.' }, 404: problem },
};
const document = {
  openapi: '3.1.0',
  info: { title: 'Things', version: '1', license: { name: 'MIT', identifier: 'MIT' } },
  servers: [{ url: '/' }],
  tags: [{ name: 'Things', description: 'All of them.' }],
  paths: { '/things': { get: operation } },
  components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
};

it('finds nothing in a good description', async () => {
  expect(await lintApi(document)).toEqual([]);
});

it.each([
  ['an operation without an id', { ...operation, operationId: undefined }, 'operation-operationId'],
  [
    'a parameter that is not in the path',
    {
      ...operation,
      parameters: [
        { name: 'id', in: 'path', required: true, description: 'Id.', schema: { type: 'string' } },
      ],
    },
    'path-parameters-defined',
  ],
  [
    'a refusal that is no problem',
    { ...operation, responses: { ...operation.responses, 404: { description: 'No.' } } },
    'operation-4xx-problem-details-rfc7807',
  ],
  ['an unknown field', { ...operation, answers: {} }, 'struct'],
  [
    'a reference to nothing',
    { ...operation, parameters: [{ $ref: '#/components/parameters/none' }] },
    'no-unresolved-refs',
  ],
])('finds %s', async (_what, get, rule) => {
  const found = await lintApi({ ...document, paths: { '/things': { get } } });
  expect(found.join('\n')).toContain(rule);
});
