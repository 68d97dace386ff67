import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { MOST_OF_SPAN } from '../../trace/join';
import type { RowTexts } from '../../trace/row-view';

/** What rows say, in the language of the page. */
export function useRowTexts(): RowTexts {
  const { t } = useTranslation();
  return useMemo(
    () => ({
      orphans: t('waterfall.orphanRow'),
      error: t('waterfall.error'),
      unnamed: t('trace.unnamed'),
      collapse: t('waterfall.collapse'),
      expand: t('waterfall.expand'),
      errorsInside: (count) => t('waterfall.errorsInside', { count }),
      describe: (start, duration) => t('waterfall.describe', { start, duration }),
      depthAt: (depth) => t('waterfall.depthAt', { depth: String(depth) }),
      pruned: (count) => t('row.pruned', { count }),
      run: (calls, total, p95) => t('row.run', { calls, total, p95 }),
      critical: t('row.critical'),
      icon: {
        database: t('row.database'),
        queue: t('row.queue'),
        cold: t('row.cold'),
        call: t('row.call'),
        function: t('row.function'),
      },
      events: (count) => t('row.events', { count }),
      phase: {
        coldStart: t('phase.coldStart'),
        instanceInit: t('phase.instanceInit'),
        prepareCode: t('phase.prepareCode'),
        runtimeInit: t('phase.runtimeInit'),
        initializer: t('phase.initializer'),
        sandbox: t('phase.sandbox'),
        exec: t('phase.exec'),
        healthCheck: t('phase.healthCheck'),
        unexplained: t('phase.unexplained'),
        nodeBootstrap: t('phase.nodeBootstrap'),
        eventLoop: t('phase.eventLoop'),
        pythonBootstrap: t('phase.pythonBootstrap'),
        tracingHook: t('phase.tracingHook'),
        goInit: t('phase.goInit'),
        otherPackages: t('phase.otherPackages'),
        queue: t('phase.queue'),
      },
      state: {
        running: t('spanState.running'),
        killed: t('spanState.killed'),
        lost: t('spanState.lost'),
      },
      soFar: (start, duration) => t('spanState.soFar', { start, duration }),
      block: (name) => t('linked.block', { name }),
      waited: (queue, time) => t('linked.waited', { queue, time }),
      waitedSomewhere: (time) => t('linked.waitedSomewhere', { time }),
      showLinked: (count) =>
        count > MOST_OF_SPAN
          ? t('linked.showSome', { count, most: String(MOST_OF_SPAN) })
          : t('linked.show', { count }),
      hideLinked: t('linked.hide'),
    }),
    [t],
  );
}
