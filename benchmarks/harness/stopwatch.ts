/** Adds up the wall-clock and CPU time of this process between its starts and stops. */
export class Stopwatch {
  seconds = 0;
  cpuSeconds = 0;
  #startedMs = 0;
  #startedCpu = process.cpuUsage();

  start(): void {
    this.#startedCpu = process.cpuUsage();
    this.#startedMs = performance.now();
  }

  stop(): void {
    this.seconds += (performance.now() - this.#startedMs) / 1000;
    const { user, system } = process.cpuUsage(this.#startedCpu);
    this.cpuSeconds += (user + system) / 1e6;
  }
}
