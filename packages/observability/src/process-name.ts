/** Name of a process that runs several services. */
export const sharedProcessName = 'tidings';

/** Returns the name by which other systems see a process: `tidings`, or `tidings-ingress` for that service alone. */
export const clientNameOf = (process: string): string =>
  process === sharedProcessName ? process : `tidings-${process}`;
