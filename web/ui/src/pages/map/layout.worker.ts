import { layOut } from './layout';
import type { LayoutRequest } from './layout-place';

// Hundreds of nodes take hundreds of milliseconds: the page goes on meanwhile.
self.onmessage = ({ data }: MessageEvent<{ request: LayoutRequest }>) => {
  self.postMessage({ places: layOut(data.request) });
};
