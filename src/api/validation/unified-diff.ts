/**
 * A unified diff of lines, as Python's difflib makes it (and with it Go's go-difflib, of which Kubernetes' errors show the
 * result). The blocks that both have in common are found by Ratcliff and Obershelp's method: the longest common run first,
 * then left and right of it. In long texts, lines that are everywhere do not begin a run.
 */
const CONTEXT = 3;
/** Lines, from which on frequent lines are skipped. */
const LONG = 200;

/** Lines `aFrom` ≤ i < `aTo` become `bFrom` ≤ j < `bTo`; equal ones when `same`. */
interface Step {
  readonly same: boolean;
  readonly aFrom: number;
  readonly aTo: number;
  readonly bFrom: number;
  readonly bTo: number;
}

interface Block {
  readonly a: number;
  readonly b: number;
  readonly size: number;
}

export function unifiedDiff(before: readonly string[], after: readonly string[]): string {
  let text = "";
  for (const hunk of hunks(stepsOf(before, after))) {
    const first = hunk[0];
    const last = hunk.at(-1);
    if (!first || !last) continue;
    text += `@@ -${range(first.aFrom, last.aTo)} +${range(first.bFrom, last.bTo)} @@\n`;
    for (const step of hunk) {
      if (step.same) text += prefixed(" ", before.slice(step.aFrom, step.aTo));
      else text += prefixed("-", before.slice(step.aFrom, step.aTo)) + prefixed("+", after.slice(step.bFrom, step.bTo));
    }
  }
  return text;
}

function prefixed(prefix: string, lines: readonly string[]): string {
  return lines.map((line) => `${prefix}${line}\n`).join("");
}

/** `first line,count`, of an empty range the line before it. */
function range(from: number, to: number): string {
  const count = to - from;
  if (count === 1) return String(from + 1);
  return `${count === 0 ? from : from + 1},${count}`;
}

function stepsOf(a: readonly string[], b: readonly string[]): Step[] {
  const steps: Step[] = [];
  let aFrom = 0;
  let bFrom = 0;
  for (const block of [...commonBlocks(a, b), { a: a.length, b: b.length, size: 0 }]) {
    if (block.a > aFrom || block.b > bFrom) steps.push({ same: false, aFrom, aTo: block.a, bFrom, bTo: block.b });
    aFrom = block.a + block.size;
    bFrom = block.b + block.size;
    if (block.size > 0) steps.push({ same: true, aFrom: block.a, aTo: aFrom, bFrom: block.b, bTo: bFrom });
  }
  return steps;
}

/** The steps in groups, equal lines between groups and around them left out but for the context. */
function* hunks(steps: readonly Step[]): Generator<Step[], void, undefined> {
  if (steps.every((step) => step.same)) return;
  let hunk: Step[] = [];
  for (const [i, step] of steps.entries()) {
    if (!step.same) {
      hunk.push(step);
      continue;
    }
    const isFirst = i === 0;
    const isLast = i === steps.length - 1;
    const size = step.aTo - step.aFrom;
    if (!isFirst && !isLast && size <= 2 * CONTEXT) {
      hunk.push(step);
      continue;
    }
    if (!isFirst) {
      hunk.push(head(step));
      yield hunk;
      hunk = [];
    }
    if (!isLast) hunk.push(tail(step));
  }
  if (hunk.length > 0) yield hunk;
}

function head(step: Step): Step {
  return {
    ...step,
    aTo: Math.min(step.aTo, step.aFrom + CONTEXT),
    bTo: Math.min(step.bTo, step.bFrom + CONTEXT),
  };
}

function tail(step: Step): Step {
  return {
    ...step,
    aFrom: Math.max(step.aFrom, step.aTo - CONTEXT),
    bFrom: Math.max(step.bFrom, step.bTo - CONTEXT),
  };
}

/** The common runs in order, adjacent ones as one. */
function commonBlocks(a: readonly string[], b: readonly string[]): Block[] {
  const places = placesOf(b);
  const blocks: Block[] = [];
  const ranges: [number, number, number, number][] = [[0, a.length, 0, b.length]];
  for (let next = ranges.pop(); next; next = ranges.pop()) {
    const [aFrom, aTo, bFrom, bTo] = next;
    const block = longestBlock(a, b, places, next);
    if (block.size === 0) continue;
    blocks.push(block);
    ranges.push([aFrom, block.a, bFrom, block.b], [block.a + block.size, aTo, block.b + block.size, bTo]);
  }
  blocks.sort((x, y) => x.a - y.a || x.b - y.b);
  const merged: Block[] = [];
  for (const block of blocks) {
    const last = merged.at(-1);
    if (last && last.a + last.size === block.a && last.b + last.size === block.b)
      merged[merged.length - 1] = { ...last, size: last.size + block.size };
    else merged.push(block);
  }
  return merged;
}

/** Where each line is; lines that make up more than a hundredth of a long text are nowhere. */
function placesOf(b: readonly string[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const [i, line] of b.entries()) {
    const known = places.get(line);
    if (known) known.push(i);
    else places.set(line, [i]);
  }
  if (b.length < LONG) return places;
  const most = Math.floor(b.length / 100) + 1;
  for (const [line, list] of places) if (list.length > most) places.delete(line);
  return places;
}

/** The longest common run in the ranges, of equally long ones the first. */
function longestBlock(
  a: readonly string[],
  b: readonly string[],
  places: ReadonlyMap<string, readonly number[]>,
  [aFrom, aTo, bFrom, bTo]: readonly [number, number, number, number],
): Block {
  let best: Block = { a: aFrom, b: bFrom, size: 0 };
  let lengths = new Map<number, number>();
  for (let i = aFrom; i < aTo; i++) {
    const longer = new Map<number, number>();
    for (const j of places.get(a[i] ?? "") ?? []) {
      if (j < bFrom) continue;
      if (j >= bTo) break;
      const size = (lengths.get(j - 1) ?? 0) + 1;
      longer.set(j, size);
      if (size > best.size) best = { a: i - size + 1, b: j - size + 1, size };
    }
    lengths = longer;
  }
  return extended(a, b, best, [aFrom, aTo, bFrom, bTo]);
}

/** Lines that were left out as too frequent can still lengthen a run. */
function extended(
  a: readonly string[],
  b: readonly string[],
  block: Block,
  [aFrom, aTo, bFrom, bTo]: readonly [number, number, number, number],
): Block {
  let { a: i, b: j, size } = block;
  while (i > aFrom && j > bFrom && a[i - 1] === b[j - 1]) {
    i--;
    j--;
    size++;
  }
  while (i + size < aTo && j + size < bTo && a[i + size] === b[j + size]) size++;
  return { a: i, b: j, size };
}
