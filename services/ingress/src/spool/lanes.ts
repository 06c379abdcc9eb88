import { topics } from '@tidings/contracts';
import { partitionForKey } from '@tidings/kafka';
import type { SpooledRecord } from './domain/spooled-record.ts';

/**
 * The number of a lane. Records of one lane are drained one after the other; lanes do not wait for one another, so that a
 * partition of the topic that takes nothing holds up its own records alone.
 */
export type Lane = number;

const recordLanes = topics.events.partitions;

/** The lane of pieces that are no valid record. */
export const damagedLane: Lane = recordLanes;

/** All lanes. */
export const lanes: readonly Lane[] = Array.from({ length: recordLanes + 1 }, (_, at) => at);

/**
 * Returns the lane of a record: its partition, if the topic has as many as it is created with. Records of one key are in
 * one lane however many it has.
 */
export const laneOf = ({ key }: Pick<SpooledRecord, 'key'>): Lane => partitionForKey(key ?? '', recordLanes);
