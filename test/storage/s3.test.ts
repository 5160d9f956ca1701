import { s3Storage } from '../../src/storage/s3.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { describeS3 } from '../s3/describe-s3.ts';
import { storageContract } from './contract.ts';

describeS3('S3', (server) => {
  let storage: Storage | undefined;
  const lazy = new Proxy({} as Storage, {
    get: (_, name) => {
      storage ??= s3Storage({ endpoint: server.endpoint() });
      return Reflect.get(storage, name);
    },
  });
  storageContract('a SeaweedFS', lazy, server.root);
});
