import { Failure } from '../../contract/index.ts';
import type { CallOptions, KeyRequest, SelfTestResult } from './driver.ts';

/** What a unit cannot do that stores what it is given and nothing else; its capabilities say so, and no run asks for it. */
export abstract class StoringUnit {
  generateKey(_commonName: string, _options: CallOptions): Promise<KeyRequest> {
    return Promise.reject(new Failure('KEY_NOT_ON_DEVICE'));
  }

  provePossession(): Promise<void> {
    return Promise.reject(new Failure('UNVERIFIABLE', { item: 'its key' }));
  }

  /** What is stored is in use as it stands. */
  activate(): Promise<void> {
    return Promise.resolve();
  }

  selfTest(): Promise<SelfTestResult> {
    return Promise.reject(new Failure('UNVERIFIABLE', { item: 'its own connection' }));
  }

  lock(): Promise<void> {
    return Promise.reject(new Failure('UNVERIFIABLE', { item: 'a lock' }));
  }
}
