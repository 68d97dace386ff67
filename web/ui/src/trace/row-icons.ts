/** Small pictures in rows, drawn as SVG elements: each is always together with its name as a tooltip and for readers. */
export type IconName = 'database' | 'queue' | 'cold' | 'call' | 'function';

// On a field of 12 by 12.
const PATHS: Record<IconName, string> = {
  database:
    'M2 3c0-1.1 1.8-2 4-2s4 .9 4 2-1.8 2-4 2-4-.9-4-2zM2 3v6c0 1.1 1.8 2 4 2s4-.9 4-2V3M2 6c0 1.1 1.8 2 4 2s4-.9 4-2',
  queue: 'M1 3h7M1 6h7M1 9h7M9.5 4.5L11 6 9.5 7.5',
  cold: 'M6 1v10M1.7 3.5l8.6 5M10.3 3.5l-8.6 5M4.5 1.8L6 3.2l1.5-1.4M4.5 10.2L6 8.8l1.5 1.4',
  call: 'M2 10L10 2M5 2h5v5',
  function: 'M8.5 1.5C6.5 1 6 2 5.8 3.5L5 9c-.3 1.5-1.2 2-2.5 1.5M3.5 5h4.5',
};

const SVG = 'http://www.w3.org/2000/svg';

export function iconElement(name: IconName, title: string): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 12 12');
  svg.setAttribute('width', '12');
  svg.setAttribute('height', '12');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', title);
  svg.dataset.icon = name;
  const text = document.createElementNS(SVG, 'title');
  text.textContent = title;
  const path = document.createElementNS(SVG, 'path');
  path.setAttribute('d', PATHS[name]);
  path.setAttribute('fill', 'none');
  path.setAttribute('stroke', 'currentColor');
  path.setAttribute('stroke-width', '1.1');
  svg.append(text, path);
  return svg;
}
