export type { EventuallyOptions } from './eventually.ts';
export { eventually } from './eventually.ts';
