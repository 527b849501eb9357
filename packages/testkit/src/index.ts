export { type CarrierPair, carrierCompliance } from './carrier-compliance.ts'
export { type ManualClock, manualClock } from './clock.ts'
export { liveBytes } from './memory.ts'
export { tracesOf } from './planted.ts'
export { seededRandom } from './random.ts'
export { type TempFolder, tempFolder } from './temp-folder.ts'
export {
  type InvalidVectorCase,
  publicVectors,
  repoVectors,
  type ValidVectorCase,
  type VectorCase,
  type VectorDocument,
} from './vectors.ts'
