import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { api, dataOf } from '../../api/client.ts';
import { JobBar } from '../../parts/jobs/job-progress.tsx';
import { isDryRun, isJobOpen, type Job, jobTones } from '../../parts/jobs/job-words.ts';
import type { Column } from '../../parts/list/data-table.tsx';
import { SelectFilter } from '../../parts/list/filter-bar.tsx';
import { useFilters } from '../../parts/list/filters.ts';
import { ListPage } from '../../parts/list/list-page.tsx';
import { usePages } from '../../parts/list/use-pages.ts';
import { KeyName } from '../../parts/values/key-name.tsx';
import { StatusBadge } from '../../parts/values/status-badge.tsx';
import { Time } from '../../parts/values/time.tsx';
import { jobTexts } from '../../texts/jobs.ts';
import { jobFilters, jobKinds, jobStates } from './job-filters.ts';
import { texts } from './texts.ts';

const openMs = 2_000;

const columns: readonly Column<Job>[] = [
  {
    name: texts.columns.kind,
    width: 'minmax(0, 1.2fr)',
    isPlain: true,
    cell: (job) => (
      <Link to="/jobs/$id" params={{ id: job.id }}>
        {jobTexts.kinds[job.kind]}
        {isDryRun(job) && ` · ${jobTexts.dryRun}`}
      </Link>
    ),
  },
  {
    name: texts.columns.state,
    width: '120px',
    isPlain: true,
    cell: ({ state }) => <StatusBadge tone={jobTones[state]}>{jobTexts.states[state]}</StatusBadge>,
  },
  {
    name: texts.columns.progress,
    width: 'minmax(180px, 1.2fr)',
    isPlain: true,
    cell: (job) => <JobBar job={job} />,
  },
  {
    name: texts.columns.by,
    width: 'minmax(0, 1fr)',
    cell: ({ requested_by }) => <KeyName id={requested_by} />,
  },
  {
    name: texts.columns.created,
    width: '130px',
    isPlain: true,
    cell: ({ created_at }) => <Time at={created_at} />,
  },
];

/** The list of jobs. As long as one of its first page is under way, that page is read again. */
export function Page() {
  const [values, change] = useFilters(jobFilters);
  const list = usePages<Job>({
    key: ['jobs', values],
    pageSize: 50,
    fetchPage: async (page, signal) => {
      const query = { ...values, ...page };
      return dataOf(api.GET('/v1/webhooks/jobs', { params: { query }, signal }));
    },
  });
  const newest = useQuery({
    queryKey: ['jobs-newest', values],
    queryFn: async ({ signal }) =>
      dataOf(api.GET('/v1/webhooks/jobs', { params: { query: { ...values, limit: 50 } }, signal })),
    refetchInterval: ({ state: { data } }) => (data?.data.some(isJobOpen) === true ? openMs : false),
  });
  const current = new Map(newest.data?.data.map((job) => [job.id, job]));
  const rowAt = (index: number): Job | undefined => {
    const job = list.rowAt(index);
    return job && (current.get(job.id) ?? job);
  };
  return (
    <ListPage texts={texts} list={{ ...list, rowAt }} columns={columns} values={values} change={change}>
      <SelectFilter
        label={texts.filters.kind}
        value={values.kind}
        options={jobKinds}
        labelOf={(one) => jobTexts.kinds[one]}
        onChange={(kind) => change({ kind })}
      />
      <SelectFilter
        label={texts.filters.state}
        value={values.state}
        options={jobStates}
        labelOf={(one) => jobTexts.states[one]}
        onChange={(state) => change({ state })}
      />
    </ListPage>
  );
}
