import { useSession } from '../../app/session-context.ts';
import { type Names, texts } from './texts.ts';

/** Returns the texts of the application: a subscription of operators is an endpoint of a partner. */
export const useNames = (): Names => texts.names[useSession().entry];
