import type { Form } from '../../../parts/form/use-form.ts';
import type { Values } from './values.ts';

/** The part of a form that the fields need: that of a new subscription has more values. */
export type SubscriptionForm = Pick<Form<Values>, 'bind' | 'faultAt' | 'values'>;
