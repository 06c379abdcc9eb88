import { appGroup, appReader, appTopics } from '../runs/app-topics.ts';
import { temporaryGroupsOf } from '../wire/consumer-groups.ts';
import { topics } from '../wire/topics.ts';
import { type Right, rightsFor } from './right.ts';

/**
 * Returns the rights of the workers of an application: the events, topics and groups of its own, and the runs that
 * the history shows.
 */
export const appRights = (app: string): readonly Right[] => {
  const { runLog, commands } = appTopics(app);
  return rightsFor({
    reads: [topics.events, runLog, commands],
    writes: [runLog, commands, topics.runs],
    creates: [runLog, commands],
    groups: [appGroup(app)],
    temporaryGroups: [temporaryGroupsOf(appReader(app))],
  });
};
