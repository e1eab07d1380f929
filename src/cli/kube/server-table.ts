/** The Table that the server makes for people. https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables */
export interface ServerTable {
  readonly kind: string;
  readonly metadata?: { readonly resourceVersion?: string };
  readonly columnDefinitions?: readonly { readonly name: string; readonly priority: number }[];
  readonly rows?: readonly ServerRow[] | null;
}

export interface ServerRow {
  readonly cells: readonly unknown[];
  readonly object?: {
    readonly metadata?: {
      readonly name?: string;
      readonly namespace?: string;
      readonly resourceVersion?: string;
      readonly labels?: Readonly<Record<string, string>>;
    };
  };
}

export const TABLE_TYPE =
  "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";

export interface TableStyle {
  /** Shows the columns of lower priority too. */
  readonly wide: boolean;
  readonly headers: boolean;
  /** Shows each row's namespace first. */
  readonly namespaces: boolean;
  readonly showLabels: boolean;
  /** Labels with a column of their own. */
  readonly labelColumns: readonly string[];
  /** `deployment.apps`, when rows say their type before their name. */
  readonly type?: string;
}

/**
 * The lines of a table, those of the header first. `columns` are the definitions in force: a watch sends them only with its
 * first event.
 */
export function tableLines(
  table: ServerTable,
  columns: NonNullable<ServerTable["columnDefinitions"]>,
  style: TableStyle,
): { readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] } {
  const shown = columns.map(({ priority }) => style.wide || priority === 0);
  const header = [
    ...(style.namespaces ? ["NAMESPACE"] : []),
    ...columns.filter((_, i) => shown[i]).map(({ name }) => name.toUpperCase()),
    ...style.labelColumns.map((label) => label.slice(label.indexOf("/") + 1).toUpperCase()),
    ...(style.showLabels ? ["LABELS"] : []),
  ];
  const rows = (table.rows ?? []).map((row) => rowCells(row, shown, style));
  return { header, rows };
}

function rowCells({ cells, object }: ServerRow, shown: readonly boolean[], style: TableStyle): readonly string[] {
  const { namespace = "", labels = {} } = object?.metadata ?? {};
  const texts = cells.filter((_, i) => shown[i]).map(cellText);
  if (style.type !== undefined) texts[0] = `${style.type}/${texts[0]}`;
  const all = Object.keys(labels)
    .sort()
    .map((name) => `${name}=${labels[name]}`)
    .join(",");
  return [
    ...(style.namespaces ? [namespace] : []),
    ...texts,
    ...style.labelColumns.map((label) => labels[label] ?? ""),
    ...(style.showLabels ? [all === "" ? "<none>" : all] : []),
  ];
}

/** A cell is one line: what follows its first is cut off. Control characters could play tricks with a terminal. */
function cellText(cell: unknown): string {
  if (cell === null || cell === undefined) return "";
  const text = typeof cell === "string" ? cell : JSON.stringify(cell);
  const end = text.search(/[\f\n\r]/);
  return (end < 0 ? text : `${text.slice(0, end)}...`).replaceAll("\u001b", "^[");
}

/** Least width of a column and gap behind the widest cell, as in kubectl's tabwriter. */
const MIN_WIDTH = 6;
const PADDING = 3;

/** Aligns lines in columns; the widths of one call are kept for the next, so that the lines of a watch stay in line. */
export class ColumnWriter {
  readonly #minWidth: number;
  readonly #padding: number;
  readonly #widths: number[] = [];

  constructor(minWidth: number = MIN_WIDTH, padding: number = PADDING) {
    this.#minWidth = minWidth;
    this.#padding = padding;
  }

  /** The lines with their ends. The last column is as wide as its text. */
  write(lines: readonly (readonly string[])[]): string {
    for (const line of lines)
      line.slice(0, -1).forEach((cell, i) => {
        this.#widths[i] = Math.max(this.#widths[i] ?? this.#minWidth, lengthOf(cell) + this.#padding);
      });
    return lines.map((line) => `${this.#line(line)}\n`).join("");
  }

  #line(cells: readonly string[]): string {
    const padded = cells.map((cell, i) =>
      i === cells.length - 1 ? cell : cell + " ".repeat((this.#widths[i] ?? 0) - lengthOf(cell)),
    );
    return padded.join("");
  }
}

/** Characters, not UTF-16 units. */
const lengthOf = (text: string): number => Array.from(text).length;
