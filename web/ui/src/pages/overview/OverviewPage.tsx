import { VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useComparison, useTriage } from '../../api/overview';
import { IgnoredNote } from '../../components/IgnoredNote';
import { Result } from '../../components/Result';
import { useRange } from '../../components/use-range';
import { useView } from '../../components/use-view';
import { Changes } from './Changes';
import { Charts } from './Charts';
import { HealthSentence } from './HealthSentence';
import { NewestErrors } from './NewestErrors';
import classes from './OverviewPage.module.css';
import { ServiceTable } from './ServiceTable';
import { OVERVIEW } from './view';

/** What is broken, what changed, and where to look next. */
export function OverviewPage() {
  const { t } = useTranslation();
  const { state, change, ignored } = useView(OVERVIEW);
  const { range, params, refetchInterval, set } = useRange();
  const triage = useTriage({ params, refetchInterval });
  const comparison = useComparison(range, { params, refetchInterval });
  return (
    <div className={classes.page}>
      <VisuallyHidden>
        <h1>{t('overview.title')}</h1>
      </VisuallyHidden>
      <IgnoredNote ignored={ignored} />
      <Result query={triage} height={56}>
        {({ nodes, matrix }) => <HealthSentence nodes={nodes} matrix={matrix} />}
      </Result>
      <div className={classes.pair}>
        <Changes query={comparison} />
        <NewestErrors
          still={state.still ?? false}
          onStill={(still) => change({ still: still || undefined })}
        />
      </div>
      <Charts params={params} refetchInterval={refetchInterval} onRange={set} />
      <Result query={triage} height={240}>
        {({ nodes, seconds }) => (
          <ServiceTable
            nodes={nodes}
            seconds={seconds}
            comparison={comparison.data}
            sort={state.sort ?? '-errors'}
            all={state.all ?? false}
            onSort={(sort) => change({ sort: sort === '-errors' ? undefined : sort })}
            onAll={(all) => change({ all: all || undefined })}
          />
        )}
      </Result>
    </div>
  );
}
