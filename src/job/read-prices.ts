import type { EnginePrice, Prices } from './job.ts';
import type { PricesFile } from './price-file.ts';
import { parseSize } from './size-text.ts';

/** Prices as they are used. */
export function readPrices(written: PricesFile): Prices {
  return Object.fromEntries(Object.entries(written).map(([engine, price]) => [engine, readPrice(price)]));
}

function readPrice({
  vcpu_hour,
  gb_hour,
  machine_hour,
  request,
  vcpus,
  memory,
}: PricesFile[string]): EnginePrice {
  return {
    vcpuHour: vcpu_hour,
    gbHour: gb_hour,
    machineHour: machine_hour,
    request,
    vcpus,
    memoryBytes: memory === undefined ? undefined : parseSize(memory),
  };
}
