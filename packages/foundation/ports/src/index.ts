export {
  type Carrier,
  type CarrierConnection,
  type CarrierDialOptions,
  type CarrierListener,
  type CarrierListenOptions,
  type CloseReason,
} from './carrier.ts'
export type { Clock } from './clock.ts'
export type { Random } from './random.ts'
