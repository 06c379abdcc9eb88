import { expect, it } from 'vitest';
import { ApiProblem } from '../../api/api-problem.ts';
import { faultAt, otherFaults, pointerSegment } from './faults.ts';

const problem = new ApiProblem(422, {
  detail: 'The body breaks rules.',
  errors: [
    { pointer: '/endpoint_url', detail: 'must be https' },
    { pointer: '/events/0', detail: 'must be a name' },
    { pointer: '/headers/x~1y', detail: 'must have a value' },
    { pointer: '', detail: 'too many' },
  ],
});

it('gives a field its own message, else those of its parts with their places', () => {
  expect(faultAt(problem.fields, 'endpoint_url')).toBe('must be https');
  expect(faultAt(problem.fields, 'events')).toBe('#1 must be a name');
  expect(faultAt(problem.fields, 'headers')).toBe('x/y must have a value');
  expect(faultAt(problem.fields, `headers/${pointerSegment('x/y')}`)).toBe('must have a value');
  expect(faultAt(problem.fields, 'head')).toBeUndefined();
});

it('lists what no field of the form shows', () => {
  expect(otherFaults(problem, ['endpoint_url', 'events'])).toEqual([
    'headers / x/y must have a value',
    'too many',
  ]);
});
