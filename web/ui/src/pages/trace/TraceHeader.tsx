import { ActionIcon, Button, Title, Tooltip } from '@mantine/core';
import {
  IconAlertTriangleFilled,
  IconArrowsDiff,
  IconCheck,
  IconChevronLeft,
  IconDownload,
  IconFileImport,
  IconKeyboard,
  IconLink,
  IconRefresh,
} from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { jaegerHref, otlpHref } from '../../api/client';
import { CopyButton, useCopy } from '../../components/CopyButton';
import { openHelp } from '../../components/KeyboardHelp';
import { ServiceName } from '../../components/ServiceName';
import { useFormats } from '../../components/use-formats';
import type { ServiceColour } from '../../lib/colour';
import type { TraceModel } from '../../trace/model';
import { useFileSource } from './source';
import classes from './TraceHeader.module.css';

type Props = {
  model: TraceModel;
  colours: Map<string, ServiceColour>;
  reload: () => void;
  reloading: boolean;
};

export function TraceHeader({ model, colours, reload, reloading }: Props) {
  const { t } = useTranslation();
  const format = useFormats();
  const { copy, done } = useCopy();
  const file = useFileSource();
  const service = model.services[model.service[0] ?? -1];
  const name = model.names[model.name[0] ?? -1];
  return (
    <header className={classes.header}>
      <div className={classes.titleRow}>
        <Tooltip label={t('trace.back')}>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={t('trace.back')}
            component={Link}
            to="/traces"
          >
            <IconChevronLeft size={18} />
          </ActionIcon>
        </Tooltip>
        <Title order={1} className={classes.title}>
          {service && <span className={classes.service}>{service}</span>}
          <span>{name || (service ? t('trace.unnamed') : t('waterfall.orphanRow'))}</span>
        </Title>
        <span className={classes.id}>
          <code title={t('trace.id')}>{model.traceId}</code>
          <CopyButton text={model.traceId} label={t('trace.copyId')} />
        </span>
        <span className={classes.spring} />
        <Button
          size="xs"
          variant="default"
          leftSection={done ? <IconCheck size={14} /> : <IconLink size={14} />}
          onClick={() => void copy(window.location.href)}
          disabled={file !== undefined}
        >
          {done ? t('state.copied') : t('trace.copyLink')}
        </Button>
        {file ? <OfFile name={file.name} /> : <Downloads traceId={model.traceId} />}
        <Tooltip label={t('shell.keys')}>
          <ActionIcon variant="default" size={30} aria-label={t('shell.keys')} onClick={openHelp}>
            <IconKeyboard size={16} />
          </ActionIcon>
        </Tooltip>
        {!file && (
          <Tooltip label={t('trace.reload')}>
            <ActionIcon
              variant="default"
              size={30}
              aria-label={t('trace.reload')}
              loading={reloading}
              onClick={reload}
            >
              <IconRefresh size={16} />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      <dl className={classes.facts}>
        <Fact label={t('trace.started')}>{format.instant(model.startNs)}</Fact>
        <Fact label={t('trace.duration')}>{format.duration(model.durationNs)}</Fact>
        <Fact label={t('trace.spans')}>{format.count(model.spans)}</Fact>
        <Fact label={t('trace.errors')}>
          {model.errors > 0 ? (
            <span className={classes.errors}>
              <IconAlertTriangleFilled size={13} aria-hidden="true" /> {format.count(model.errors)}
            </span>
          ) : (
            t('results.noErrors')
          )}
        </Fact>
        <Fact label={t('trace.depth')}>{format.count(model.depthMax)}</Fact>
        <Fact label={t('trace.services')}>
          <span className={classes.services}>
            {model.serviceSpans.map((s) => (
              <span key={s.name}>
                <ServiceName name={s.name} colour={colours.get(s.name)} />{' '}
                <span className={classes.count}>{format.count(s.spans)}</span>
              </span>
            ))}
          </span>
        </Fact>
      </dl>
    </header>
  );
}

/** What can be done with a stored trace. */
function Downloads({ traceId }: { traceId: string }) {
  const { t } = useTranslation();
  return (
    <>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconArrowsDiff size={14} />}
        renderRoot={(props) => <Link to="/compare" search={{ b: traceId }} {...props} />}
      >
        {t('compare.open')}
      </Button>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconDownload size={14} />}
        component="a"
        href={otlpHref(traceId)}
        download={`${traceId}.json`}
      >
        {t('trace.download')}
      </Button>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconDownload size={14} />}
        component="a"
        href={jaegerHref(traceId)}
        download={`${traceId}.jaeger.json`}
      >
        {t('file.downloadJaeger')}
      </Button>
    </>
  );
}

/** Where the trace is from, and the way to another. */
function OfFile({ name }: { name: string }) {
  const { t } = useTranslation();
  return (
    <>
      <span className={classes.file} title={name}>
        {t('file.from', { name })}
      </span>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconFileImport size={14} />}
        renderRoot={(props) => <Link to="/file" {...props} />}
      >
        {t('file.another')}
      </Button>
    </>
  );
}

function Fact({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className={classes.fact}>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
