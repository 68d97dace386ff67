import { sortField } from '../../components/DataTable';
import { defineView, flag } from '../../lib/view';

/** sort and all are of the table of services; still stops the newest errors from moving on. */
export const OVERVIEW = defineView({ sort: sortField, all: flag, still: flag });
