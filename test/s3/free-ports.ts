import { createServer, type Server } from 'node:net';

/** SeaweedFS listens for gRPC so far above each of its ports. */
const GRPC_DISTANCE = 10_000;
const [LOWEST, HIGHEST] = [12_000, 30_000];
const MAX_TRIES = 200;

/** Ports of the loopback that are free, as are those 10,000 above them. Another process may take one before it is used. */
export async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  for (let tries = 0; ports.size < count; tries++) {
    if (tries === MAX_TRIES) throw new Error(`found no ${count} free ports`);
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if ((await isFree(port)) && (await isFree(port + GRPC_DISTANCE))) ports.add(port);
  }
  return [...ports];
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const isOpen = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  await close(server);
  return isOpen;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  await new Promise((resolve) => server.close(resolve));
}
