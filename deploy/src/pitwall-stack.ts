import { Stack, type StackProps } from 'aws-cdk-lib';
import { type IRepository, Repository } from 'aws-cdk-lib/aws-ecr';
import type { Construct } from 'constructs';
import { createAlarms } from './alarms.ts';
import { createFleet } from './batch-fleet.ts';
import { createBatchJobs } from './batch-jobs.ts';
import { createDashboard } from './dashboard.ts';
import { createDataBucket } from './data-bucket.ts';
import { createNetwork } from './network.ts';
import { createNotices } from './notices.ts';
import { createRunEvents } from './run-events.ts';
import { createRunFunction } from './run-function.ts';
import type { Settings } from './settings.ts';
import { createSparkJobs } from './spark-jobs.ts';

export interface PitwallStackProps extends StackProps {
  readonly repository: IRepository;
  readonly settings: Settings;
}

/** bucket → events → function → Batch, with what watches them. */
export class PitwallStack extends Stack {
  constructor(scope: Construct, id: string, { repository, settings, ...props }: PitwallStackProps) {
    super(scope, id, props);
    const image = importRepository(this, repository);
    const bucket = createDataBucket(this);
    const { topic, logs } = createNotices(this, settings);
    const queue = createFleet(this, createNetwork(this, settings.network), settings);
    const jobs = createBatchJobs(this, { queue, image, bucket, logs, topic, settings });
    const runs = createRunFunction(this, { image, bucket, logs, topic, queue, runJob: jobs.run, settings });
    const lost = createRunEvents(this, { bucket, runs, settings });
    const alarms = createAlarms(this, { topic, runs, queue, lost });
    createDashboard(this, { alarms, runs, logs });
    createSparkJobs(this, { bucket, logs, settings });
  }
}

/** The construct for functions would open a repository of the app to functions of every account. */
function importRepository(scope: Construct, { repositoryArn, repositoryName }: IRepository): IRepository {
  return Repository.fromRepositoryAttributes(scope, 'Image', { repositoryArn, repositoryName });
}
