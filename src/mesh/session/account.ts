import { endpointTemplate } from "./endpoint-template.ts";
import type { Gatekeeper } from "./gatekeeper.ts";
import type { Ledger, Tally } from "./ledger.ts";
import type { Pace } from "./pace.ts";

export interface AccountBooks {
  readonly ledger: Ledger;
  readonly gatekeeper: Pick<Gatekeeper, "failed">;
  /** The ledger has changed; `harm`: by a failure of a new version. */
  counted(harm: boolean): void;
}

const NEVER = Number.POSITIVE_INFINITY;

/**
 * How one request that a release drew is counted: once, for the version that was drawn; as a failure when its first real attempt
 * failed, whoever answered in the end, or when it was without an answer for too long (docs/architecture.md, Sessions). Times are
 * monotonic milliseconds.
 */
export class Account {
  readonly #books: AccountBooks;
  readonly #tally: Tally;
  readonly #version: "new" | "old";
  readonly #user: string;
  readonly #endpoint: string;
  readonly #pace: Pace;
  /** Since when the backend has owed something and sent nothing; Infinity: it owes nothing now. */
  #silentSince = NEVER;
  #failed = false;
  /** It failed by silence, and its user had nothing but that. */
  #late = false;
  #closed = false;

  constructor(
    books: AccountBooks,
    tally: Tally,
    version: "new" | "old",
    request: { readonly method: string; readonly target: string; readonly user: string },
  ) {
    this.#books = books;
    this.#tally = tally;
    this.#version = version;
    this.#user = request.user;
    this.#endpoint = endpointTemplate(request.method, request.target);
    this.#pace = books.ledger.pace(tally.session, this.#endpoint);
  }

  /** `owed`: from now on it is for the backend to say something. Otherwise the client is waited for, or nothing is. */
  heard(now: number, owed: boolean): void {
    this.#silentSince = owed ? now : NEVER;
  }

  /** When the request will have been without a word of the backend for too long. */
  get overdueAt(): number {
    return this.#failed ? NEVER : this.#silentSince + this.#pace.overdue;
  }

  /** The head of an answer has come. */
  answerBegan(now: number): void {
    if (this.#version === "old" && !this.#failed && this.#silentSince !== NEVER)
      this.#pace.add(now - this.#silentSince);
  }

  /** An attempt failed for real. Counted at once: the others must hear of it. */
  failed(): void {
    if (this.#failed || this.#closed) return;
    this.#failed = true;
    this.#count();
    const { ledger, gatekeeper } = this.#books;
    const endpoint = ledger.fail(this.#tally, this.#endpoint);
    gatekeeper.failed(this.#tally.session, endpoint, this.#version);
    this.#books.counted(this.#version === "new");
  }

  /** Nothing was heard for too long. `moved`: the old version answers instead; else an answer that comes yet comes too late. */
  overdue(moved: boolean): void {
    if (this.#failed || this.#closed) return;
    this.#late = !moved;
    if (this.#late) this.#books.ledger.hit(this.#tally, this.#user);
    this.failed();
  }

  /** The client has its answer, good or (`harmed`) not. */
  close(harmed: boolean): void {
    if (this.#closed) return;
    const hit = harmed || this.#late;
    const { ledger } = this.#books;
    // Before the failure, which is reported at once and may be the last word on its release.
    if (hit && !this.#late) ledger.hit(this.#tally, this.#user);
    if (hit) this.failed();
    else if (this.#failed) ledger.retried(this.#tally, this.#endpoint);
    else this.#count();
    this.#closed = true;
    this.#books.counted(false);
  }

  /**
   * The client went away before an answer began. A failure when nearly all users of the old version would have had theirs by then:
   * else a version that hangs would be seen by nobody whose clients are less patient than we are.
   */
  gaveUp(now: number): void {
    if (now - this.#silentSince >= this.#pace.usual) this.close(true);
    else this.abandon();
  }

  /** The client went away, or sent no request that could be carried out: what has not failed is not counted. */
  abandon(): void {
    if (this.#failed) this.close(true);
    this.#closed = true;
  }

  #count(): void {
    this.#tally.requests++;
    this.#books.ledger.served(this.#tally, this.#user);
  }
}
