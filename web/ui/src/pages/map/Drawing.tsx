import { type KeyboardEvent, useEffect, useId, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useKeys } from '../../components/use-keys';
import type { Drawn } from './elements';
import classes from './MapPage.module.css';
import { centreOn, type Direction, isDirection, type Lit, lightUp, zoomBy } from './moves';
import { fitAll, useDrawing } from './use-drawing';
import { useMoves } from './use-moves';
import type { Placed } from './use-places';

type Props = {
  drawn: Drawn;
  placed: Placed | undefined;
  view: string | undefined;
  selected: string | undefined;
  /** What is lit along paths, and what an expression finds. */
  path: Lit | undefined;
  found: ReadonlySet<string> | undefined;
  /** Says in words what the picture shows. */
  summary: string;
  /** Brings a node into view; each time n changes. */
  find: { id: string; n: number } | undefined;
  onSelect: (id: string | undefined) => void;
  onOpen: (id: string) => void;
  onView: (view: string | undefined) => void;
  onPlay: () => void;
  /** What stands at the lower edge of the picture. */
  children?: React.ReactNode;
};

/** The picture of the map, by mouse and by keys. */
export function Drawing(props: Props) {
  const {
    drawn,
    placed,
    view,
    selected,
    path,
    found,
    summary,
    find,
    onSelect,
    onOpen,
    onView,
    onPlay,
    children,
  } = props;
  const { t } = useTranslation();
  const box = useRef<HTMLDivElement>(null);
  const described = useId();
  const cy = useDrawing(box, drawn, placed, view, { onSelect, onOpen, onView });
  const [current, setCurrent] = useState<string>();
  const cursor = current ?? selected;
  const moves = useMoves(drawn, cursor);
  useEffect(() => setCurrent(selected), [selected]);
  useEffect(() => {
    // What is drawn anew is to be lit like the rest.
    if (cy && placed && drawn) lightUp(cy, selected, cursor, path, found);
  }, [cy, placed, selected, cursor, drawn, path, found]);
  useEffect(() => {
    if (cy && find) centreOn(cy, find.id);
  }, [cy, find]);
  useEffect(() => {
    // Tests ask where things stand.
    const hook = (window as { __uiTest?: Record<string, unknown> }).__uiTest;
    if (hook && cy) hook.map = cy;
  }, [cy]);
  useKeys('map', [
    { name: 'mapMove', press: 'ArrowLeft' },
    { name: 'mapMove', press: 'ArrowRight' },
    { name: 'mapMove', press: 'ArrowUp' },
    { name: 'mapMove', press: 'ArrowDown' },
    { name: 'mapSelect', press: 'Enter' },
    { name: 'mapPlay', press: ' ' },
    { name: 'mapZoom', press: '+', run: () => cy && zoomBy(cy, 1.3) },
    { name: 'mapZoom', press: '-', run: () => cy && zoomBy(cy, 1 / 1.3) },
    {
      name: 'mapFit',
      press: '0',
      run: () => {
        if (cy) fitAll(cy);
        onView(undefined);
      },
    },
  ]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (!cy || event.ctrlKey || event.metaKey || event.altKey) return;
    if (isDirection(event.key)) {
      const next = moves(cy, event.key as Direction);
      setCurrent(next);
      if (next) centreOn(cy, next, false);
    } else if (event.key === 'Enter' && cursor) onSelect(cursor);
    else if (event.key === ' ') onPlay();
    else if (event.key === 'Escape') onSelect(undefined);
    else return;
    event.preventDefault();
  };
  const node = drawn.scene.nodes.find(({ id }) => id === cursor);
  return (
    // Cytoscape adds a style element to the page, which its policy forbids, unless one with this id is there already.
    <div className={classes.picture} id="__________cytoscape_stylesheet">
      <div
        role="application"
        tabIndex={0}
        aria-label={t('map.picture')}
        aria-roledescription={t('map.title')}
        aria-describedby={described}
        className={classes.keyboard}
        onKeyDown={onKeyDown}
      >
        <div ref={box} className={classes.canvas} aria-hidden="true" />
      </div>
      <p id={described} className={classes.hidden}>
        {summary}
      </p>
      <p className={classes.hidden} aria-live="polite">
        {node &&
          t('map.nodeSays', {
            name: node.name,
            kind: t(`map.kind.${node.kind}`),
            rate: drawn.texts.rate(node.perMinute),
            errors: drawn.texts.share(node.errorRate),
          })}
      </p>
      {children}
    </div>
  );
}
