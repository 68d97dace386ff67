import { Button, Tabs, Title } from '@mantine/core';
import { Link, useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { type NodeKind, nodeId, useTopology } from '../../api/services';
import { IgnoredNote } from '../../components/IgnoredNote';
import { Result } from '../../components/Result';
import { useRange } from '../../components/use-range';
import { useView } from '../../components/use-view';
import { withTime } from '../functions/cells';
import classes from '../functions/functions.module.css';
import { DependenciesTab } from './DependenciesTab';
import { LogsTab } from './LogsTab';
import { OperationsTable } from './OperationsTable';
import { Origins } from './Origins';
import { ServiceOverview } from './ServiceOverview';
import { StatementsTable } from './StatementsTable';
import { SERVICE, SERVICE_TABS, type ServiceTab } from './view';

/** Which parts each kind has: only a service runs operations and writes logs, only a database has statements run in it. */
const PARTS: Record<NodeKind, readonly ServiceTab[]> = {
  service: SERVICE_TABS,
  function: SERVICE_TABS,
  database: ['overview', 'statements', 'errors', 'dependencies'],
  cache: ['overview', 'statements', 'errors', 'dependencies'],
  queue: ['overview', 'errors', 'dependencies'],
  external: ['overview', 'errors', 'dependencies'],
  user: ['overview'],
};

/** A service that is no function, a database, a cache, a queue or a host. */
export function ServicePage() {
  const { t } = useTranslation();
  const { name } = useParams({ from: '/services/$name' });
  const { state, change, replace, settle, ignored } = useView(SERVICE);
  const topology = useTopology(useRange());
  const node = topology.data?.nodes.find(
    (one) =>
      one.name === name && (!state.kind || one.kind === state.kind || one.id === nodeId(state.kind, name)),
  );
  // A service may have spans without having a part in any call; it is then on no map.
  const kind = node?.kind ?? state.kind ?? 'service';
  const id = node?.id ?? nodeId(kind, name);
  const own = kind === 'service' || kind === 'function';
  const tabs = PARTS[kind];
  const tab = tabs.find((one) => one === state.tab) ?? 'overview';
  const sorted = (usual: string) => ({
    sort: state.sort ?? usual,
    onSort: (sort: string) => replace({ sort: sort === usual ? undefined : sort }),
  });
  const parts: Record<ServiceTab, () => ReactNode> = {
    overview: () => <ServiceOverview name={name} id={id} node={node} own={own} {...sorted('-time')} />,
    operations: () => <OperationsTable service={name} {...sorted('-time')} />,
    statements: () => <StatementsTable name={name} peer={!own} {...sorted('-time')} />,
    errors: () => <Origins name={name} peer={!own} />,
    dependencies: () => <DependenciesTab id={id} name={name} />,
    logs: () => <LogsTab name={name} state={state} settle={settle} replace={replace} />,
  };
  return (
    <div className={classes.page}>
      <IgnoredNote ignored={ignored} />
      <div className={classes.bar}>
        <Title order={1} size="h2">
          {name}
        </Title>
        <span className={classes.kind}>
          {t(`fn.kinds.${kind}`)}
          {node?.system && ` · ${node.system}`}
        </span>
        <div className={classes.spring} />
        {own && (
          <Button
            size="xs"
            variant="default"
            renderRoot={(props) => <Link {...props} to="/traces" search={withTime({ service: name })} />}
          >
            {t('fn.toTraces')}
          </Button>
        )}
        <Button
          size="xs"
          variant="default"
          renderRoot={(props) => <Link {...props} to="/map" search={withTime({ focus: id })} />}
        >
          {t('fn.toMap')}
        </Button>
      </div>
      <Result query={topology} height={360}>
        {() => (
          <Tabs
            value={tab}
            keepMounted={false}
            onChange={(chosen) =>
              change({
                tab: SERVICE_TABS.find((one) => one === chosen && one !== 'overview'),
                sort: undefined,
                severity: undefined,
                q: undefined,
              })
            }
          >
            <Tabs.List aria-label={t('fn.tabs')}>
              {tabs.map((one) => (
                <Tabs.Tab key={one} value={one}>
                  {t(`fn.tab.${one}`)}
                </Tabs.Tab>
              ))}
            </Tabs.List>
            {tabs.map((one) => (
              <Tabs.Panel key={one} value={one} className={classes.tabs ?? ''}>
                {one === tab && parts[one]()}
              </Tabs.Panel>
            ))}
          </Tabs>
        )}
      </Result>
    </div>
  );
}
