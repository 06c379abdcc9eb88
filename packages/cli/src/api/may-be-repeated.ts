/** Returns whether a request that was answered with this status may be repeated as it is: it came too slowly, too early, or failed. */
export const mayBeRepeated = (status: number): boolean => status === 408 || status === 429 || status >= 500;
