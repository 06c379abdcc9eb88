import { catalogue } from './catalogue.ts';
import { en } from './en.ts';

/** The texts of the shell and of the shared parts. */
export const texts = catalogue({ en });

export { catalogue } from './catalogue.ts';
