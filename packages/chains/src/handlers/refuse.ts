import { AppError } from '@tidings/runtime';

/** Throws AppError `config-invalid`. The message quotes the value and its limit, and says what to do. */
export const refuse = (message: string): never => {
  throw new AppError({ code: 'config-invalid', message });
};
