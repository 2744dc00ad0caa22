import { z } from 'zod';
import { FolderView } from '../models.ts';
import { call, nothing, officer, signedIn } from './spec.ts';

export const folderCalls = {
  'folder.show': call({
    service: 'station',
    summary: 'Where the data folder is, and whether another folder of this station may be in use',
    input: nothing,
    output: FolderView,
    roles: signedIn,
  }),
  'folder.confirm': call({
    service: 'station',
    summary: 'This folder is the one that is used from now on; its original is used no more',
    input: z.object({ note: z.string().min(1).max(200) }).strict(),
    output: FolderView,
    roles: officer,
  }),
} as const;
