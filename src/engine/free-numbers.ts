/** Numbers from 0 on; the lowest that nobody has. */
export class FreeNumbers {
  readonly #free: number[] = [];
  #next = 0;

  take(): number {
    return this.#free.pop() ?? this.#next++;
  }

  giveBack(number: number): void {
    this.#free.push(number);
    this.#free.sort((a, b) => b - a);
  }
}
