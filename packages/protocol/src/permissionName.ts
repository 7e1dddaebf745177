import { z } from 'zod';
import { permissions, type Permission } from './permissions.ts';

/** Apart from the catalogue, so that a page which shows it does not load zod. */
export const PermissionName = z.enum(Object.keys(permissions) as [Permission, ...Permission[]]);
