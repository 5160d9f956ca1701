import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { PitwallError } from '../error.ts';
import { type FromSpark, parseFromSpark, type ToSpark } from './spark-message.ts';

/** The socket at which the driver of Spark is waited for; in a folder that only this user can enter. */
export class SparkLink {
  readonly path: string;
  readonly #server: Server;
  /** Taken away at the end; `undefined` for a path of another's. */
  readonly #folder: string | undefined;
  readonly #onMessage: (message: FromSpark) => void;
  readonly #onLost: () => void;
  #socket: Socket | undefined;

  private constructor(
    path: string,
    folder: string | undefined,
    onMessage: (message: FromSpark) => void,
    onLost: () => void,
  ) {
    this.path = path;
    this.#folder = folder;
    this.#onMessage = onMessage;
    this.#onLost = onLost;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /**
   * Listens for one driver.
   *
   * @param given - the path to listen at; by default one of its own
   * @param onLost - called when the driver is gone
   */
  static async listen(
    given: string | undefined,
    onMessage: (message: FromSpark) => void,
    onLost: () => void,
  ): Promise<SparkLink> {
    const folder = given === undefined ? await mkdtemp(join(tmpdir(), 'pitwall-spark-')) : undefined;
    const path = given ?? join(folder ?? '', 'driver');
    const link = new SparkLink(path, folder, onMessage, onLost);
    try {
      await link.#listen();
      return link;
    } catch (error) {
      await link.close();
      throw error;
    }
  }

  /** A message to a driver that is gone is lost; `onLost` has told so. */
  say(message: ToSpark): void {
    this.#socket?.write(`${JSON.stringify(message)}\n`);
  }

  async close(): Promise<void> {
    this.#socket?.destroy();
    this.#server.close();
    if (this.#folder !== undefined) await rm(this.#folder, { recursive: true, force: true });
  }

  async #listen(): Promise<void> {
    const advice =
      this.#folder === undefined
        ? 'let --spark-socket name a path that nothing lies at, in a folder that can be written'
        : 'set TMPDIR to a folder with a shorter path that can be written';
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (cause) => reject(unusable(this.path, cause, advice)));
      this.#server.listen(this.path, resolve);
    });
  }

  #accept(socket: Socket): void {
    if (this.#socket !== undefined) {
      socket.destroy();
      return;
    }
    this.#socket = socket;
    socket.on('error', () => undefined);
    socket.on('close', this.#onLost);
    createInterface({ input: socket }).on('line', (line) => this.#read(line));
  }

  #read(line: string): void {
    try {
      this.#onMessage(parseFromSpark(line));
    } catch {
      this.#socket?.destroy();
    }
  }
}

function unusable(path: string, cause: Error, advice: string): PitwallError {
  const message = `cannot listen for Spark at ${dirname(path)}: ${cause.message}; ${advice}`;
  return new PitwallError('usage', message, { cause });
}
