import type { Column, FlowLink, FlowNode, Unit } from '../data/topology.ts';

export interface Place {
  readonly node: FlowNode;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** A link as it is drawn: from the right edge of a node to the left edge of another. */
export interface Band {
  readonly link: FlowLink;
  readonly path: string;
  readonly thickness: number;
}

export interface Layout {
  readonly height: number;
  readonly places: ReadonlyMap<string, Place>;
  readonly bands: readonly Band[];
}

/** Of the headings. */
const TOP = 24;
const ONE_LINE = 24;
const TWO_LINES = 34;
const GAP = 6;
/** Connections that are open and requests a second do not compare: the former are drawn thinner. */
const WIDEST = { requests: 22, connections: 10 } as const;
/** Of the width: names of routes are the longest. */
const PARTS = { listener: 1, route: 1.3, pool: 0.9, endpoint: 1 } as const;

/** How much higher than it must be it may become: farther apart, nodes are no easier to read. */
const MOST_STRETCH = 1.7;

/** What there is to draw on, in pixels. */
export interface Sheet {
  readonly width: number;
  /** Filled where less would do; 0: as high as need be. */
  readonly height: number;
}

/** Columns side by side; what leads somewhere stands at the height of where it leads. */
export function layOut(
  nodes: readonly FlowNode[],
  links: readonly FlowLink[],
  columns: readonly Column[],
  { width, height: wanted }: Sheet,
): Layout {
  const byColumn = columns.map((column) => nodes.filter((node) => node.column === column));
  const least = Math.max(TWO_LINES, ...byColumn.map(heightOf));
  const height = Math.max(least, Math.min(wanted - TOP, least * MOST_STRETCH));
  const gap = Math.max(20, width * 0.06);
  const parts = columns.reduce((sum, column) => sum + PARTS[column], 0);
  const widths = columns.map((column) => (Math.max(100, width - gap * (columns.length - 1)) * PARTS[column]) / parts);
  const places = new Map<string, Place>();
  for (const [i, own] of [...byColumn.entries()].toReversed()) {
    for (const { node, y } of stack(own, links, places, height)) {
      const x = widths.slice(0, i).reduce((sum, each) => sum + each + gap, 0);
      places.set(node.key, { node, x, y: TOP + y, width: widths[i]!, height: nodeHeight(node) });
    }
  }
  return { height: TOP + height, places, bands: bandsOf(links, places) };
}

const nodeHeight = ({ detail, column }: FlowNode): number =>
  detail === '' && column !== 'listener' && column !== 'pool' ? ONE_LINE : TWO_LINES;

const heightOf = (nodes: readonly FlowNode[]): number =>
  nodes.reduce((sum, node) => sum + nodeHeight(node) + GAP, 0) - GAP;

interface Stacked {
  readonly node: FlowNode;
  y: number;
}

/** One above the other in their order, each as near as may be to the middle of where it leads; else spread evenly. */
function stack(
  nodes: readonly FlowNode[],
  links: readonly FlowLink[],
  places: ReadonlyMap<string, Place>,
  height: number,
): readonly Stacked[] {
  const spread = nodes.length > 1 ? (height - heightOf(nodes)) / (nodes.length - 1) : 0;
  let next = nodes.length > 1 ? 0 : (height - heightOf(nodes)) / 2;
  const stacked = nodes.map((node): Stacked => {
    const evenly = next;
    next += nodeHeight(node) + GAP + spread;
    return { node, y: middleOf(node, links, places) ?? evenly };
  });
  let free = 0;
  for (const each of stacked) {
    each.y = Math.max(free, each.y);
    free = each.y + nodeHeight(each.node) + GAP;
  }
  let end = height;
  for (const each of stacked.toReversed()) {
    each.y = Math.min(each.y, end - nodeHeight(each.node));
    end = each.y - GAP;
  }
  return stacked;
}

/** Where its top would be if it stood before the middle of what it leads to; undefined: nowhere yet. */
function middleOf(node: FlowNode, links: readonly FlowLink[], places: ReadonlyMap<string, Place>): number | undefined {
  if (node.column === 'endpoint' || node.column === 'route') return undefined;
  const ends = links.flatMap(({ from, to }) => (from === node.key && places.has(to) ? [places.get(to)!] : []));
  if (ends.length === 0) return undefined;
  const [top, bottom] = [Math.min(...ends.map(({ y }) => y)), Math.max(...ends.map(({ y, height }) => y + height))];
  return (top + bottom) / 2 - TOP - nodeHeight(node) / 2;
}

/** As thick as their part of the most that flows anywhere; those of one node lie side by side, in the order of where they lead. */
function bandsOf(links: readonly FlowLink[], places: ReadonlyMap<string, Place>): Band[] {
  // Of a pool that no longer is, or in a column that is left out.
  const drawn = links.filter(({ from, to }) => places.has(from) && places.has(to));
  const most = (unit: Unit) =>
    Math.max(1e-9, ...[...places.values()].map(({ node }) => (node.unit === unit ? (node.flow ?? 0) : 0)));
  const mosts = { requests: most('requests'), connections: most('connections') };
  const thicknessOf = ({ flow, unit }: FlowLink) =>
    flow === 0 ? 1 : Math.max(1.5, (flow / mosts[unit]) * WIDEST[unit]);
  const starts = edges(drawn, 'from', 'to', places, thicknessOf);
  const ends = edges(drawn, 'to', 'from', places, thicknessOf);
  return drawn.map((link) => {
    const [from, to] = [places.get(link.from)!, places.get(link.to)!];
    const [x1, y1, x2, y2] = [from.x + from.width, starts.get(link)!, to.x, ends.get(link)!];
    const middle = (x1 + x2) / 2;
    return { link, path: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`, thickness: thicknessOf(link) };
  });
}

/** Where each link meets the node at its `end`, stacked around the node's middle by the height of their other ends. */
function edges(
  links: readonly FlowLink[],
  end: 'from' | 'to',
  other: 'from' | 'to',
  places: ReadonlyMap<string, Place>,
  thicknessOf: (link: FlowLink) => number,
): Map<FlowLink, number> {
  const heights = new Map<FlowLink, number>();
  for (const [key, own] of Map.groupBy(links, (link) => link[end])) {
    const sorted = own.toSorted((a, b) => places.get(a[other])!.y - places.get(b[other])!.y);
    const total = sorted.reduce((sum, link) => sum + thicknessOf(link), 0);
    const { y: top, height } = places.get(key)!;
    // Many thin ones may be more than the node is high.
    const scale = Math.min(1, (height - 4) / total);
    let y = top + height / 2 - (total * scale) / 2;
    for (const link of sorted) {
      heights.set(link, y + (thicknessOf(link) * scale) / 2);
      y += thicknessOf(link) * scale;
    }
  }
  return heights;
}
