import { Button, Popover } from '@mantine/core';
import { IconInfoCircle } from '@tabler/icons-react';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { Canvas, type Draw } from '../../components/Canvas';
import { useCanvasStyle } from '../../theme/use-theme';
import { LEGEND, legendTrace, paintLegend } from '../../trace/legend';
import classes from './Legend.module.css';

const SAMPLE = { width: 110, height: 24 };

/** What fills, ends and marks of bars mean; the samples are drawn by what draws the bars. */
export function Legend() {
  const { t } = useTranslation();
  return (
    <Popover position="bottom-end" withinPortal trapFocus>
      <Popover.Target>
        <Button size="compact-xs" variant="default" leftSection={<IconInfoCircle size={14} />}>
          {t('legend.open')}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Samples />
      </Popover.Dropdown>
    </Popover>
  );
}

function Samples() {
  const { t } = useTranslation();
  const model = useMemo(legendTrace, []);
  const colours = useMemo(() => new Map([['', { slot: 0, striped: false }]]), []);
  const style = useCanvasStyle(colours);
  const draws = useMemo(
    () =>
      LEGEND.map(
        (name): Draw =>
          (context, width) => {
            paintLegend(context, model, name, width, SAMPLE.height, style);
          },
      ),
    [model, style],
  );
  return (
    <dl className={classes.legend} aria-label={t('legend.title')}>
      {LEGEND.map((name, i) => (
        <div key={name} className={classes.entry}>
          <dt className={classes.sample}>
            <Canvas draw={draws[i] as Draw} height={SAMPLE.height} aria-hidden="true" />
          </dt>
          <dd className={classes.words}>{t(`legend.${name}`)}</dd>
        </div>
      ))}
    </dl>
  );
}
