const NONE: readonly Buffer[] = [];

/** The content of a request as far as it has come, kept so that it can be sent again. */
export class Replay {
  #pieces: Buffer[] | undefined;
  #size = 0;
  #whole = true;

  /** False when a piece could not be kept: the request cannot be sent again. */
  get whole(): boolean {
    return this.#whole;
  }

  get size(): number {
    return this.#size;
  }

  get pieces(): readonly Buffer[] {
    return this.#pieces ?? NONE;
  }

  add(piece: Buffer, limit: number): void {
    if (!this.#whole) return;
    if (this.#size + piece.length > limit) {
      this.drop();
      return;
    }
    this.#size += piece.length;
    if (this.#pieces) this.#pieces.push(piece);
    else this.#pieces = [piece];
  }

  /** It will not be needed: the answer is on its way. */
  drop(): void {
    this.#whole = false;
    this.#pieces = undefined;
    this.#size = 0;
  }
}
