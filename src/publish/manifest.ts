import type { CheckResult } from '../execute/record.ts';

/**
 * What is published of a job. The manifests of a job are a log, `<store>/manifest/<sequence>.json`: each is created
 * where nothing lies, so that of racing writers one wins on every store; the highest sequence is in force.
 */
export interface Manifest {
  readonly version: 1;
  readonly sequence: number;
  readonly job: string;
  /** The run that published last; empty when none has yet. */
  readonly runId: string;
  readonly publishedAt: string;
  /** SHA-256 of job, inputs, narrowing and engine of that run: equal ones have nothing to do. */
  readonly fingerprint: string;
  readonly outputs: readonly PublishedOutput[];
  /** Tasks whose kept Parquet a later run can use. */
  readonly kept: readonly KeptTask[];
  readonly checks: readonly CheckResult[];
  /** A run that is about to be published: whoever finds it carries it out first. */
  readonly publishing?: Announcement;
}

/** A file that lies at its name. */
export interface PublishedOutput {
  readonly step: string;
  readonly partition: Readonly<Record<string, string | null>>;
  /** The fingerprint of the unit that made it. */
  readonly unit: string;
  /** The output's root folder, in which `url` lies. */
  readonly root: string;
  readonly url: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  /** As the store gave it after the file was written; `undefined` until it is. */
  readonly etag: string | undefined;
  /** Where the same bytes lie in a run's folder, for rollback. */
  readonly from: string;
  readonly runId: string;
}

export interface KeptTask {
  readonly stepId: string;
  readonly fingerprint: string;
  /** The url of its record. */
  readonly record: string;
  /** The urls of its Parquet, which an earlier run may have left. */
  readonly files: readonly string[];
}

export interface Announcement {
  readonly runId: string;
  readonly publishedAt: string;
  readonly files: readonly AnnouncedFile[];
  /** What is deleted once every file has its name. */
  readonly stale: readonly StaleFile[];
  /** What the manifest says afterwards, but for the etags. */
  readonly outputs: readonly PublishedOutput[];
  readonly kept: readonly KeptTask[];
  readonly checks: readonly CheckResult[];
  readonly fingerprint: string;
  /** Whether it only puts back what the manifest says already, after something went wrong. */
  readonly putsBack: boolean;
}

export interface AnnouncedFile {
  readonly from: string;
  readonly to: string;
  readonly root: string;
  /** What lay at `to`; `undefined`: nothing. */
  readonly prior: PriorFile | undefined;
  readonly bytes: number;
  /** `undefined` for a file that is put back and that no run of the job made. */
  readonly sha256: string | undefined;
  /** The version at `to` that is this file already, where one is known. */
  readonly inPlaceEtag?: string;
}

/** A file that is replaced, and where its bytes lie until it is put back or forgotten. */
export interface PriorFile {
  readonly etag: string;
  readonly bytes: number;
  readonly backup: string;
}

export interface StaleFile {
  readonly root: string;
  readonly url: string;
  /** It goes only as this version, or with these bytes; anything else was put there by another. */
  readonly etag: string | undefined;
  readonly bytes: number;
  readonly sha256: string;
  /** Where its bytes lie besides. */
  readonly from: string;
}
