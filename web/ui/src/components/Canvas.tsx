import { type CanvasHTMLAttributes, useLayoutEffect, useRef } from 'react';
import { prepare } from '../trace/paint';
import classes from './Canvas.module.css';
import { useSize } from './use-size';

export type Draw = (context: CanvasRenderingContext2D, width: number, height: number) => void;

type Props = { draw: Draw; height: number | string } & Omit<
  CanvasHTMLAttributes<HTMLCanvasElement>,
  'height' | 'width'
>;

/** A canvas as wide as its place, sharp on every display, drawn again when its size or draw changes. */
export function Canvas({ draw, height, ...rest }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(box);
  useLayoutEffect(() => {
    if (!canvas.current || size.width === 0 || size.height === 0) return;
    const context = prepare(canvas.current, size.width, size.height);
    if (context) draw(context, size.width, size.height);
  }, [draw, size]);
  return (
    <div ref={box} className={classes.box} style={{ height }}>
      <canvas ref={canvas} {...rest} />
    </div>
  );
}
