import { AppError, type ErrorDetail } from '@tidings/runtime';

const maxFaults = 20;

/** Returns the error for an invalid body. Its message contains the first fault, `details` up to 20. */
export function refusal(faults: readonly [ErrorDetail, ...ErrorDetail[]]): AppError {
  const [first] = faults;
  const message = `The body breaks a rule: ${first.pointer} ${first.detail}.`;
  return new AppError({ code: 'unprocessable', message, details: faults.slice(0, maxFaults) });
}

/** Throws the {@link refusal} of these faults, if there are any. */
export function refuseFaults([first, ...rest]: readonly ErrorDetail[]): void {
  if (first !== undefined) throw refusal([first, ...rest]);
}
