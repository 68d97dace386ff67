import { Button, Select, Tabs, Title } from '@mantine/core';
import { Link, useParams } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { useFunction } from '../../api/functions';
import { nodeId } from '../../api/services';
import { IgnoredNote } from '../../components/IgnoredNote';
import { useRange } from '../../components/use-range';
import { useView } from '../../components/use-view';
import { DependenciesTab } from '../service/DependenciesTab';
import { LogsTab } from '../service/LogsTab';
import { ColdStartsTab } from './ColdStartsTab';
import { withTime } from './cells';
import { ErrorsTab } from './ErrorsTab';
import classes from './functions.module.css';
import { InstancesTab } from './InstancesTab';
import { InvocationsTab } from './InvocationsTab';
import { OverviewTab } from './OverviewTab';
import { ProfileTab } from './ProfileTab';
import { VersionsTab } from './VersionsTab';
import { FUNCTION, type FunctionTab, TABS } from './view';

/** One function: what it did in the time range, from the whole down to single instances. */
export function FunctionPage() {
  const { t } = useTranslation();
  const { name } = useParams({ from: '/functions/$name' });
  const { state, change, replace, settle, ignored } = useView(FUNCTION);
  const range = useRange();
  // Not restricted to a version, because it is where the versions to choose from come from.
  const whole = useFunction(name, range);
  const { tab = 'overview', version } = state;
  const versions = whole.data?.versions.map((one) => one.version) ?? [];
  const offered = version && !versions.includes(version) ? [version, ...versions] : versions;
  const onTab = (chosen: string | null) => {
    const next = TABS.find((one) => one === chosen) ?? 'overview';
    // What is sorted, filtered or chosen on one tab means nothing on another.
    change({
      tab: next === 'overview' ? undefined : next,
      sort: undefined,
      outcome: undefined,
      cold: undefined,
      severity: undefined,
      q: undefined,
      profile: undefined,
      frame: undefined,
    });
  };
  const parts: Record<FunctionTab, () => React.ReactNode> = {
    overview: () => <OverviewTab name={name} state={state} replace={replace} />,
    invocations: () => <InvocationsTab name={name} state={state} replace={replace} />,
    coldStarts: () => <ColdStartsTab name={name} state={state} replace={replace} />,
    versions: () => <VersionsTab name={name} state={state} change={change} replace={replace} />,
    errors: () => <ErrorsTab name={name} state={state} replace={replace} />,
    dependencies: () => <DependenciesTab id={nodeId('function', name)} name={name} />,
    instances: () => <InstancesTab name={name} state={state} replace={replace} />,
    logs: () => <LogsTab name={name} state={state} settle={settle} replace={replace} />,
    profile: () => <ProfileTab name={name} state={state} change={change} replace={replace} />,
  };
  return (
    <div className={classes.page}>
      <IgnoredNote ignored={ignored} />
      <div className={classes.bar}>
        <Title order={1} size="h2">
          {name}
        </Title>
        <span className={classes.kind}>{t('fn.kinds.function')}</span>
        <Select
          size="xs"
          w={180}
          aria-label={t('fn.version')}
          data={[{ value: '', label: t('fn.allVersions') }, ...offered.filter((one) => one !== '')]}
          value={version ?? ''}
          allowDeselect={false}
          onChange={(chosen) => replace({ version: chosen || undefined })}
        />
        <div className={classes.spring} />
        <Button
          size="xs"
          variant="default"
          renderRoot={(props) => <Link {...props} to="/traces" search={withTime({ service: name })} />}
        >
          {t('fn.toTraces')}
        </Button>
        <Button
          size="xs"
          variant="default"
          renderRoot={(props) => (
            <Link {...props} to="/map" search={withTime({ focus: nodeId('function', name) })} />
          )}
        >
          {t('fn.toMap')}
        </Button>
      </div>
      <Tabs value={tab} onChange={onTab} keepMounted={false}>
        <Tabs.List aria-label={t('fn.tabs')}>
          {TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(`fn.tab.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {TABS.map((one) => (
          <Tabs.Panel key={one} value={one} className={classes.tabs ?? ''}>
            {one === tab && parts[one]()}
          </Tabs.Panel>
        ))}
      </Tabs>
    </div>
  );
}
