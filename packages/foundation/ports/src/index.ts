export type {
  Anchor,
  AnchorHead,
  AnchorJournal,
  AnchorPlace,
  AnchorStatus,
  AnchorTransaction,
} from './anchor.ts'
export type {
  Carrier,
  CarrierConnection,
  CarrierDialOptions,
  CarrierListener,
  CarrierListenOptions,
  CloseReason,
} from './carrier.ts'
export type { Clock } from './clock.ts'
export type { Random } from './random.ts'
