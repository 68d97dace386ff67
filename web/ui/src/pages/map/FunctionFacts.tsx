import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useFunction, useInstances } from '../../api/functions';
import { keepTimeAnd } from '../../components/Navigation';
import { useRange } from '../../components/use-range';
import type { FigureTexts } from './figures';
import classes from './MapPage.module.css';

const MOST_VERSIONS = 5;

/** The versions that ran and the instances that they ran in. A function that only sends spans has neither. */
export function FunctionFacts({ name, texts }: { name: string; texts: FigureTexts }) {
  const { t } = useTranslation();
  const range = useRange();
  const detail = useFunction(name, range);
  const instances = useInstances(name, range);
  const versions = detail.data?.versions ?? [];
  const all = instances.data?.instances ?? [];
  const ended = all.filter(({ state }) => state === 'stopped' || state === 'failed').length;
  const tab = (one: 'versions' | 'instances') => keepTimeAnd({ tab: one });
  if (versions.length === 0 && all.length === 0) return null;
  return (
    <section className={classes.section}>
      <h3>{t('map.versions')}</h3>
      <ul className={classes.rows}>
        {versions.slice(0, MOST_VERSIONS).map((one) => (
          <li key={one.version} className={classes.plain}>
            <span>{one.version}</span>
            <span>
              {t('map.versionSays', {
                runs: texts.count(one.invocations),
                errors: texts.share(one.errorRate),
                cold: texts.share(one.coldShare),
              })}
            </span>
          </li>
        ))}
      </ul>
      <p className={classes.more}>
        <Link to="/functions/$name" params={{ name }} search={tab('versions')}>
          {t('map.allVersions', { count: versions.length })}
        </Link>
        <Link to="/functions/$name" params={{ name }} search={tab('instances')}>
          {t('map.instances', {
            count: instances.data?.total ?? all.length,
            running: texts.count(all.length - ended),
          })}
        </Link>
      </p>
    </section>
  );
}
