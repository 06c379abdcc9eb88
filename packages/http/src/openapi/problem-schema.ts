import { errorCodes } from '@tidings/runtime';
import { named } from './named-schema.ts';

/** JSON Schema of one fault inside a request: where it is, and what. */
export const errorDetailSchema = named('ErrorDetail', {
  type: 'object',
  properties: {
    pointer: { type: 'string', description: "RFC 6901; '' for the whole, /name for a parameter." },
    detail: { type: 'string', description: 'What is wrong there, with the value and the limit.' },
  },
  required: ['pointer', 'detail'],
});

/** JSON Schema of a problem: what `problem` writes. */
export const problemSchema = named('Problem', {
  type: 'object',
  properties: {
    type: { type: 'string', format: 'uri-reference', description: 'Leads to a page about the code.' },
    title: { type: 'string', description: 'The same for all problems of one code.' },
    status: { type: 'integer', minimum: 400, maximum: 599, description: 'The status of the answer.' },
    detail: { type: 'string', description: 'What is wrong here, and what to do about it.' },
    instance: { type: 'string', description: 'The path of the request.' },
    code: { type: 'string', enum: errorCodes, description: 'Names the kind of problem: match on this.' },
    errors: {
      type: 'array',
      description: 'Every fault, each with its place in the request.',
      items: errorDetailSchema,
    },
    traceId: { type: 'string', description: 'What to tell the operator.' },
  },
  required: ['type', 'title', 'status', 'detail', 'code'],
});
