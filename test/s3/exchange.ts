import type { Agent, IncomingMessage, ServerResponse } from 'node:http';
import type { Pace } from './pace.ts';

/** One request on its way. */
export interface Exchange {
  readonly upstream: string;
  readonly agent: Agent;
  readonly incoming: IncomingMessage;
  readonly reply: ServerResponse;
  readonly pace: Pace | undefined;
  readonly counts: { bytesDown: number };
}
