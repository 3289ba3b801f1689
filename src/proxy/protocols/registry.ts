import { defineRegistry } from '../../core/kernel/registry.ts';
import { http1 } from './http1/http1.ts';
import { tcp } from './tcp/tcp.ts';

/** Every protocol, alphabetical. A new one is its own file or folder plus one line here. */
export const protocols = defineRegistry([http1, tcp]);
