import type { Node } from 'constructs';
import { type Reader, readSettings } from './setting-readers.ts';

/** A job that is run at fixed times. */
export interface Schedule {
  readonly name: string;
  /** Six fields in UTC, as EventBridge has them: `cron(0 4 * * ? *)`; or `rate(1 day)`. */
  readonly schedule: string;
  readonly job: string;
  readonly params: Readonly<Record<string, string>>;
}

/** A job that is run when an object is written below a prefix of the bucket. */
export interface Trigger {
  /** A key prefix; `{column}` in it stands for one value of a partition, to which the run is narrowed. */
  readonly prefix: string;
  readonly job: string;
  readonly params: Readonly<Record<string, string>>;
}

/** What a job of Batch may use on its instance. */
export interface JobSize {
  readonly vcpus: number;
  readonly memoryMiB: number;
}

/** A network that exists; without it the stack makes one. */
export interface ExistingNetwork {
  readonly vpcId: string;
  readonly availabilityZones: readonly string[];
  readonly subnetIds: readonly string[];
}

/** What a deployment is asked for: the context of cdk.json, or of `-c name=value`. */
export interface Settings {
  readonly imageTag: string;
  readonly lambdaMemoryMiB: number;
  readonly lambdaDiskMiB: number;
  readonly maxVcpus: number;
  readonly spot: boolean;
  readonly instanceTypes: readonly string[];
  readonly run: JobSize;
  readonly task: JobSize;
  readonly logRetentionDays: number;
  /** Other buckets that jobs read. */
  readonly inputBuckets: readonly string[];
  readonly schedules: readonly Schedule[];
  readonly triggers: readonly Trigger[];
  readonly network: ExistingNetwork | undefined;
  readonly notifyEmail: string | undefined;
}

/** Reads the settings from a node's context. @throws Error that names each setting which is not as expected */
export function settingsOf(node: Node): Settings {
  return readSettings((name) => node.tryGetContext(name), readAll);
}

function readAll(read: Reader): Settings {
  return {
    imageTag: read.text('imageTag', /^[\w][\w.-]{0,127}$/),
    lambdaMemoryMiB: read.integer('lambdaMemoryMiB', { least: 512, most: 10_240 }),
    lambdaDiskMiB: read.integer('lambdaDiskMiB', { least: 512, most: 10_240 }),
    maxVcpus: read.integer('maxVcpus', { least: 1, most: 100_000 }),
    spot: read.flag('spot'),
    instanceTypes: read.texts('instanceTypes', /^[a-z0-9-]+\.[a-z0-9-]+$/),
    run: readSize(read.part('run')),
    task: readSize(read.part('task')),
    logRetentionDays: read.integer('logRetentionDays', { least: 1, most: 3653 }),
    inputBuckets: read.texts('inputBuckets', BUCKET),
    schedules: read.parts('schedules').map(readSchedule),
    triggers: read.parts('triggers').map(readTrigger),
    network: read.has('network') ? readNetwork(read.part('network')) : undefined,
    notifyEmail: read.has('notifyEmail') ? read.text('notifyEmail', /^[^@\s]+@[^@\s]+$/) : undefined,
  };
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const JOB = /^[\w./-]+$/;

function readSize(read: Reader): JobSize {
  return {
    vcpus: read.integer('vcpus', { least: 1, most: 256 }),
    memoryMiB: read.integer('memoryMiB', { least: 1024, most: 4_194_304 }),
  };
}

function readSchedule(read: Reader): Schedule {
  return {
    name: read.text('name', /^[\w-]{1,40}$/),
    schedule: read.text('schedule', /^(cron|rate)\(.+\)$/),
    job: read.text('job', JOB),
    params: read.pairs('params'),
  };
}

/** Pitwall's own files must not set off the job that writes them. */
const TRIGGER_PREFIX = /^(?!.*_pitwall)(?!\/)[^*?\\]+\/$/;

function readTrigger(read: Reader): Trigger {
  return {
    prefix: read.text('prefix', TRIGGER_PREFIX),
    job: read.text('job', JOB),
    params: read.pairs('params'),
  };
}

function readNetwork(read: Reader): ExistingNetwork {
  return {
    vpcId: read.text('vpcId', /^vpc-[0-9a-f]{8,17}$/),
    availabilityZones: read.texts('availabilityZones', /^[a-z0-9-]+$/),
    subnetIds: read.texts('subnetIds', /^subnet-[0-9a-f]{8,17}$/),
  };
}
