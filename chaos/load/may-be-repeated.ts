/**
 * Returns whether a request that was answered with this status may be repeated as it is: a service is away, the request came too early,
 * or (408) the server waited too long for it, perhaps since a process was not run in time.
 */
export const mayBeRepeated = (status: number): boolean => status === 408 || status === 429 || status >= 500;
