import type { Gatekeeper } from "./gatekeeper.ts";
import { endpointTemplate } from "./endpoint-template.ts";
import type { Ledger, Tally } from "./ledger.ts";

export interface AccountBooks {
  readonly ledger: Ledger;
  readonly gatekeeper: Pick<Gatekeeper, "failed">;
  /** The ledger has changed; `harm`: by a failure of a new version. */
  counted(harm: boolean): void;
}

/**
 * How one request that a release drew is counted: once, for the version that was drawn; as a failure when its first real attempt
 * failed, whoever answered in the end (docs/architecture.md, Sessions).
 */
export class Account {
  readonly #books: AccountBooks;
  readonly #tally: Tally;
  readonly #version: "new" | "old";
  readonly #user: string;
  readonly #method: string;
  readonly #target: string;
  #failed = false;
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
    this.#method = request.method;
    this.#target = request.target;
  }

  /** An attempt failed for real. Counted at once: the others must hear of it. */
  failed(): void {
    if (this.#failed || this.#closed) return;
    this.#failed = true;
    this.#count();
    const { ledger, gatekeeper } = this.#books;
    const endpoint = ledger.fail(this.#tally, this.#endpoint());
    gatekeeper.failed(this.#tally.session, endpoint, this.#version);
    this.#books.counted(this.#version === "new");
  }

  /** The client has its answer, good or (`harmed`) not. */
  close(harmed: boolean): void {
    if (this.#closed) return;
    if (harmed) this.failed();
    this.#closed = true;
    const { ledger } = this.#books;
    if (!this.#failed) this.#count();
    else if (harmed) ledger.hit(this.#tally, this.#user);
    else ledger.retried(this.#tally, this.#endpoint());
    this.#books.counted(false);
  }

  /** The client went away: what has not failed is not counted. */
  abandon(): void {
    this.#closed = true;
  }

  #count(): void {
    this.#tally.requests++;
    this.#books.ledger.served(this.#tally, this.#user);
  }

  #endpoint(): string {
    return endpointTemplate(this.#method, this.#target);
  }
}
